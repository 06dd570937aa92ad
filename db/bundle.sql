SELECT moai_private.record_bundle('unset');
