//! Planes from clicks and calibrations: where things stand, and how well that is known.

mod dice;

use dice::Dice;
use razz_base::Size;
use razz_site::plane::{Click, FitError, Lens, Plane, PlaneError};

const SIZE: Size = Size::new(1280, 720);

/// A camera four metres up that looks down by 25° along y, as rotation and translation in metres; the ground is z = 0.
fn camera(k1: f64) -> Plane {
    let (sin, cos) = 25_f64.to_radians().sin_cos();
    let rotation = [[1.0, 0.0, 0.0], [0.0, -sin, -cos], [0.0, cos, -sin]];
    let translation = [0.0, 4.0 * cos, 4.0 * sin];
    let lens = Lens { k: [k1, 0.0, 0.0], ..Lens::radial([1280.0, 720.0], 0.0) };
    Plane::from_pinhole(rotation, translation, 0.0, lens, 1.0, SIZE).unwrap()
}

fn clicks(plane: &Plane, places: &[[f64; 2]]) -> Vec<Click> {
    places
        .iter()
        .map(|at| Click { image_px: plane.to_image(*at).unwrap(), ground_m: *at })
        .collect()
}

const CORNERS: [[f64; 2]; 4] = [[-3.0, 6.0], [3.0, 6.0], [-5.0, 15.0], [5.0, 15.0]];
const EIGHT_MORE: [[f64; 2]; 8] = [
    [0.0, 5.0],
    [-2.0, 8.0],
    [2.0, 8.0],
    [0.0, 12.0],
    [-4.0, 11.0],
    [4.0, 11.0],
    [-1.0, 18.0],
    [3.0, 20.0],
];

#[test]
fn picture_and_ground_go_both_ways() {
    for k1 in [0.0, -0.25, 0.1] {
        let plane = camera(k1);
        for at in CORNERS.iter().chain(&EIGHT_MORE) {
            let px = plane.to_image(*at).unwrap();
            let place = plane.to_ground(px, [1.0, 1.0]).unwrap();
            let error = (place.at[0] - at[0]).hypot(place.at[1] - at[1]);
            assert!(error < 1e-3, "{k1} {at:?} {error}");
        }
        assert_eq!(plane.to_image([0.0, -10.0]), None, "behind the camera");
        assert!(plane.sees([0.0, 10.0], 0.0) && !plane.sees([50.0, 10.0], 0.0));
    }
}

#[test]
fn pixel_noise_becomes_the_stated_covariance() {
    let plane = camera(-0.2);
    for at in [[0.0, 6.0], [-4.0, 12.0], [3.0, 20.0]] {
        let px = plane.to_image(at).unwrap();
        let stated = plane.to_ground(px, [2.0, 3.0]).unwrap().cov;
        let mut dice = Dice::new(7);
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        const COUNT: u32 = 4000;
        for _ in 0..COUNT {
            let noisy = [px[0] + 2.0 * dice.normal(), px[1] + 3.0 * dice.normal()];
            let found = plane.to_ground(noisy, [1.0, 1.0]).unwrap().at;
            let d = [found[0] - at[0], found[1] - at[1]];
            (xx, xy, yy) = (xx + d[0] * d[0], xy + d[0] * d[1], yy + d[1] * d[1]);
        }
        let count = f64::from(COUNT);
        for (name, found, want) in [
            ("xx", xx / count, stated.xx),
            ("yy", yy / count, stated.yy),
            ("xy", xy / count, stated.xy),
        ] {
            let scale = (stated.xx * stated.yy).sqrt().max(want.abs());
            assert!((found - want).abs() < 0.1 * scale, "{at:?} {name}: {found} {want}");
        }
    }
}

#[test]
fn near_and_above_the_horizon_nothing_has_a_place() {
    let plane = camera(0.0);
    // The horizon is tan 25° · 1280 px above the middle: out of the picture, so look further down the list.
    let horizon = 360.0 - 25_f64.to_radians().tan() * 1280.0;
    for (name, below_px, has_place) in [
        ("above", -20.0, false),
        ("on it", 0.0, false),
        ("just below", 3.0, false),
        ("far", 60.0, false),
        ("near", 600.0, true),
    ] {
        let px = [640.0, horizon + below_px];
        assert!((plane.below_horizon_px(px) - below_px).abs() < 1e-6, "{name}");
        assert_eq!(plane.to_ground(px, [1.0, 1.5]).is_some(), has_place, "{name}");
    }
}

#[test]
fn four_clicks_make_a_plane_and_more_show_the_wrong_one() {
    let truth = camera(0.0);
    let four = Plane::fit(&clicks(&truth, &CORNERS), SIZE).unwrap();
    assert!(four.errors_px.iter().all(|e| *e < 1e-3) && four.left_out_m.is_empty());
    let mut seven = clicks(&truth, &[&CORNERS[..], &EIGHT_MORE[..3]].concat());
    seven[5].ground_m[0] += 1.0;
    let fitted = Plane::fit(&seven, SIZE).unwrap();
    let odd = (0..7).min_by(|a, b| fitted.without_px[*a].total_cmp(&fitted.without_px[*b]));
    assert_eq!(odd, Some(5), "{:?}", fitted.without_px);
    assert!((fitted.left_out_m[5] - 1.0).abs() < 0.1);
}

#[test]
fn twelve_clicks_find_the_lens_and_invent_none() {
    let places = [&CORNERS[..], &EIGHT_MORE[..]].concat();
    for k1 in [-0.3, -0.12, 0.1] {
        let fitted = Plane::fit(&clicks(&camera(k1), &places), SIZE).unwrap();
        assert!((fitted.k1 - k1).abs() < 0.02, "{k1}: {}", fitted.k1);
        assert!(fitted.errors_px.iter().all(|e| *e < 0.5), "{:?}", fitted.errors_px);
    }
    let mut dice = Dice::new(3);
    let mut noisy = clicks(&camera(0.0), &places);
    for click in &mut noisy {
        click.image_px = click.image_px.map(|v| v + dice.normal());
    }
    assert_eq!(Plane::fit(&noisy, SIZE).unwrap().k1, 0.0);
}

#[test]
fn clicks_that_make_no_plane_say_why() {
    let click = |x: f64, y: f64, gx: f64, gy: f64| Click { image_px: [x, y], ground_m: [gx, gy] };
    let square = clicks(&camera(0.0), &CORNERS);
    for (name, clicks, want) in [
        ("three", square[..3].to_vec(), FitError::TooFew(3)),
        (
            "on a line",
            (0..4).map(|n| f64::from(n) * 50.0).map(|n| click(n, 400.0, n, 0.0)).collect(),
            FitError::OnALine,
        ),
        ("one twice", [&square[..3], &square[..1]].concat(), FitError::OnALine),
    ] {
        assert_eq!(Plane::fit(&clicks, SIZE).unwrap_err(), want, "{name}");
    }
    let nan = [[f64::NAN; 3]; 3];
    assert_eq!(Plane::from_homography(nan, 1.0, SIZE, None), Err(PlaneError::NotFinite));
    assert_eq!(Plane::from_homography([[1.0; 3]; 3], 1.0, SIZE, None), Err(PlaneError::Singular));
}
