with

source as (

    select * from {{ source('chain', 'chain__subnet_blocks') }}

),

renamed as (

    select
        * exclude (block_day),

        -- the subnet the block's emission is paid to: the one its parent's state had
        case
            when pre_is_network_added then pre_network_registered_at_block
            else network_registered_at_block
        end as subnet_registered_at_block,
        cast(block_day as date) as block_date

    from source

)

select * from renamed
