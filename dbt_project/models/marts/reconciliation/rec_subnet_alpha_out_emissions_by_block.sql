{{ reconciled('stg_recomputed__subnet_injections', 'alpha_out_emission_rao', 'injection_era', 'rao') }}
