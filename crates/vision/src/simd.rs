//! What this machine's processor can do, found at run time.

/// Whether there are AVX2 and FMA: every x86 server since 2015 or so.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx2() -> bool {
    // The answer is cached by the standard library: a load and a test.
    std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma")
}
