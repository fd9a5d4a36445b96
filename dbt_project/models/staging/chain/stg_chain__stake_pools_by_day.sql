with

source as (

    select * from {{ source('chain', 'chain__stake_pools_by_day') }}

),

renamed as (

    select
        * exclude (block_day),
        cast(block_day as date) as block_date

    from source

)

select * from renamed
