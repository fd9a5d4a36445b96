{{ reconciled('stg_recomputed__subnet_injections', 'tao_in_emission_rao', 'injection_era', 'rao') }}
