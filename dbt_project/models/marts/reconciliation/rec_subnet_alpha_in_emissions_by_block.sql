{{ reconciled('stg_recomputed__subnet_injections', 'alpha_in_emission_rao', 'injection_era', 'rao') }}
