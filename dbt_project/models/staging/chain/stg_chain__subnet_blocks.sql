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

        -- the subnet before the block is the subnet after it: a netuid may be given to another in one block
        pre_is_network_added
        and is_network_added
        and pre_network_registered_at_block = network_registered_at_block as is_same_subnet,
        cast(block_day as date) as block_date

    from source

)

select * from renamed
