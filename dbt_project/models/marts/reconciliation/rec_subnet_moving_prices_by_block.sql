{{ reconciled('stg_recomputed__moving_prices', 'moving_price_i96f32_bits', 'moving_price_era', 'i96f32_bits') }}
