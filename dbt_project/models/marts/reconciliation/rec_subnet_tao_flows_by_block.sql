{{ reconciled('stg_recomputed__subnet_flows', 'tao_flow_rao', 'flow_era', 'rao', only_stated=true) }}
