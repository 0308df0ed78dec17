//! Kinds of things that cameras do otherwise than the standards say, and how often each came.

/// Writes `Oddity`, an enum of such kinds with a name for the API each, and `Counts`, which says how
/// often each came. Every crate that forgives something has its own kinds; what is done with them is
/// the same.
///
/// ```
/// razz_base::oddities! {
///     /// A packet of another version.
///     Version = "version",
///     /// A packet without payload.
///     Empty = "empty",
/// }
///
/// let mut counts = Counts::default();
/// counts.add(Oddity::Empty);
/// counts.add_many(Oddity::Empty, 2);
/// let found: Vec<_> = counts.iter().map(|(oddity, count)| (oddity.name(), count)).collect();
/// assert_eq!(found, [("empty", 3)]);
/// assert_eq!(counts.of(Oddity::Version), 0);
/// assert_eq!(Oddity::Empty.meaning(), "A packet without payload.");
/// ```
#[macro_export]
macro_rules! oddities {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// A kind of thing that is odd about a camera. Each is tolerated, and counted.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Oddity {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Oddity {
            /// All kinds, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in the API, which does not change.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }

        impl Oddity {
            /// What it is and what becomes of it, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_ascii(),)+
                }
            }
        }

        /// How often each kind came.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub struct Counts([u64; Oddity::ALL.len()]);

        impl Default for Counts {
            fn default() -> Self {
                Self([0; Oddity::ALL.len()])
            }
        }

        impl Counts {
            /// How often `oddity` came.
            pub fn of(&self, oddity: Oddity) -> u64 {
                self.0[oddity as usize]
            }

            /// The kinds that came, and how often.
            pub fn iter(&self) -> impl Iterator<Item = (Oddity, u64)> + '_ {
                let all = Oddity::ALL.iter().map(|oddity| (*oddity, self.of(*oddity)));
                all.filter(|(_, count)| *count > 0)
            }

            pub(crate) fn add(&mut self, oddity: Oddity) {
                self.add_many(oddity, 1);
            }

            pub(crate) fn add_many(&mut self, oddity: Oddity, count: u64) {
                self.0[oddity as usize] += count;
            }
        }
    };
}
