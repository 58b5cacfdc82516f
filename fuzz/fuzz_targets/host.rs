#![no_main]
libfuzzer_sys::fuzz_target!(init: depeche_fuzz::quiet(), |data: &[u8]| depeche_fuzz::host::check(data));
