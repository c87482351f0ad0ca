use orion_rt as _;
