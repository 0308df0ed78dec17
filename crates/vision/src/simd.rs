//! What this machine's processor can do, found at run time.

/// Whether there are AVX2 and FMA: every x86 server since 2015 or so.
#[cfg(target_arch = "x86_64")]
pub(crate) fn has_avx2() -> bool {
    // The answer is cached by the standard library: a load and a test.
    std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma")
}

/// A function whose body is compiled twice, once for AVX2, and that picks at run time. The body is
/// plain Rust that the compiler turns into vectors; both copies compute the same.
macro_rules! vectorised {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $kind:ty),* $(,)?) $(-> $out:ty)? $body:block) => {
        $(#[$meta])*
        $vis fn $name($($arg: $kind),*) $(-> $out)? {
            #[inline(always)]
            fn body($($arg: $kind),*) $(-> $out)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                fn with_avx2($($arg: $kind),*) $(-> $out)? {
                    body($($arg),*)
                }
                if $crate::simd::has_avx2() {
                    // SAFETY: AVX2 and FMA are there.
                    #[allow(unsafe_code)]
                    return unsafe { with_avx2($($arg),*) };
                }
            }
            body($($arg),*)
        }
    };
}

pub(crate) use vectorised;

/// Eight numbers that are worked on at once: a vector register where there is AVX, two elsewhere.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(32))]
pub(crate) struct Eight(pub(crate) [f32; 8]);

impl Eight {
    #[inline(always)]
    pub(crate) fn splat(value: f32) -> Self {
        Self([value; 8])
    }

    /// The first eight of `samples`.
    #[inline(always)]
    pub(crate) fn of(samples: &[u16]) -> Self {
        let samples: &[u16; 8] = samples.first_chunk().expect("eight samples");
        Self(samples.map(f32::from))
    }

    #[inline(always)]
    pub(crate) fn abs(self) -> Self {
        Self(self.0.map(f32::abs))
    }

    #[inline(always)]
    pub(crate) fn sum(self) -> f32 {
        let [a, b, c, d, e, f, g, h] = self.0;
        ((a + e) + (c + g)) + ((b + f) + (d + h))
    }
}

macro_rules! operator {
    ($name:ident, $method:ident, $operator:tt) => {
        impl std::ops::$name for Eight {
            type Output = Self;

            #[inline(always)]
            fn $method(mut self, other: Self) -> Self {
                for (a, b) in self.0.iter_mut().zip(other.0) {
                    *a $operator b;
                }
                self
            }
        }
    };
}

operator!(Add, add, +=);
operator!(Sub, sub, -=);
operator!(Mul, mul, *=);
