SELECT moai_private.make_partitions(clock_timestamp(), interval '3 years');
