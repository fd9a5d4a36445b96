with

source as (

    select * from {{ source('recomputed', 'recomputed__eras') }}

)

select * from source
