{{ reconciled('stg_recomputed__subnet_flows', 'protocol_flow_rao', 'flow_era', 'rao', reason_column='protocol_unexplained_reason', only_stated=true) }}
