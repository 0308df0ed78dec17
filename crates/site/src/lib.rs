//! Several cameras, one truth: one clock, one identity, one map.
//!
//! - [`clock`]: when every camera's frames were taken, on one line, each with a bound.
//! - [`plane`]: from a camera's picture to metres on the map and back, from a few clicks; corrected from what people's
//!   tracks show ([`plane::Warp`]).
//! - [`identity`]: which tracks of which cameras are one person or thing, decided by where they are; [`transit`] for who
//!   leaves one camera and comes to another.
//! - [`ledger`]: every decision with its reasons, append-only; who is who is what its events add up to.
//! - [`Site`]: the door of a running site; [`offline`] that of recorded tracks.
//!
//! Nothing here does I/O or looks at a clock, and the same input gives the same output, bit for bit, in whatever order
//! cameras report. The run loop:
//!
//! ```
//! use razz_base::{CameraId, Rect, Size, TrackId};
//! use razz_site::identity::{Settings, Observation, TrackKey};
//! use razz_site::plane::{Click, Foot, Plane};
//! use razz_site::Site;
//!
//! // Two cameras look at one floor; four clicks each.
//! let size = Size::new(640, 480);
//! let click = |image_px, ground_m| Click { image_px, ground_m };
//! let plane = |flip: f64| {
//!     let at = |x, y: f64| [flip * x, y];
//!     Plane::fit(&[
//!         click([120.0, 440.0], at(-2.0, 1.0)),
//!         click([520.0, 440.0], at(2.0, 1.0)),
//!         click([220.0, 200.0], at(-2.0, 6.0)),
//!         click([420.0, 200.0], at(2.0, 6.0)),
//!     ], size)
//! };
//! let planes = [plane(1.0).unwrap().plane, plane(-1.0).unwrap().plane];
//!
//! let mut site = Site::new(Settings::default());
//! for step in 0..20 {
//!     let at = [-1.0 + 0.12 * f64::from(step), 3.0];
//!     // A real driver has boxes from the cameras' trackers, all at one moment of the site's line.
//!     let observations: Vec<Observation> = planes.iter().zip(1..).map(|(plane, camera)| {
//!         let foot = plane.to_image(at).unwrap();
//!         let bbox = Rect::new(foot[0] - 20.0, foot[1] - 120.0, foot[0] + 20.0, foot[1]);
//!         let place = Foot::of(&bbox, size, None).place(plane).unwrap();
//!         let key = TrackKey { camera: CameraId::new(camera).unwrap(), track: TrackId(7) };
//!         Observation { key, place, mixed: 0.0 }
//!     }).collect();
//!     site.handle_step(i64::from(step) * 100_000, &observations);
//! }
//! // One person, whom both cameras see.
//! assert_eq!(site.solver().identities().len(), 1);
//! let walker = &site.solver().identities()[0];
//! assert_eq!(site.solver().members(walker.id).count(), 2);
//! assert!((walker.motion.velocity()[0] - 1.2).abs() < 0.3);
//! ```

mod assignment;
pub mod clock;
mod filter;
pub mod identity;
pub mod ledger;
mod matrix;
pub mod offline;
pub mod plane;
mod site;
pub mod transit;

pub use filter::Motion;
pub use matrix::{Point, Sym2};
pub use site::{CorrectionError, RESOLVED_US, Site};
