{{ reconciled('stg_recomputed__subnet_emissions', 'ema_protocol_flow_i64f64_bits', 'emission_era', 'i64f64_bits', with_column='ema_protocol_flow_block_number', only_stated=true) }}
