{{ reconciled('stg_recomputed__subnet_injections', 'excess_tao_rao', 'injection_era', 'rao', recomputed_column='recorded_excess_tao_rao', reason_column='pool_unexplained_reason', only_stated=true) }}
