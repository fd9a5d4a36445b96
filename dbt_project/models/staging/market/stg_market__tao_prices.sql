with

source as (

    select * from {{ source('market', 'raw_market__tao_prices') }}

)

select * from source
