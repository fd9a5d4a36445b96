with

source as (

    select * from {{ source('recomputed', 'recomputed__subnet_flows') }}

),

renamed as (

    select
        * exclude (block_day),
        cast(block_day as date) as block_date

    from source

)

select * from renamed
