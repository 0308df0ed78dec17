//! From red, green and blue to the planes that an H.264 encoder takes.

use razz_base::Size;

/// Luma and chroma planes, 4:2:0, BT.709 limited range (ITU-R BT.709-6 sections 3 and 4).
///
/// A chroma sample is the mean of its four pixels.
pub(crate) struct Planes {
    size: Size,
    pub(crate) y: Vec<u8>,
    pub(crate) u: Vec<u8>,
    pub(crate) v: Vec<u8>,
}

/// 16 bits of fraction.
const SHIFT: i32 = 16;

/// 219 (luma) or 224 (chroma) of 255 steps, as fixed point.
const fn fixed(weight: f64, steps: f64) -> i32 {
    let scaled = weight * steps / 255.0 * (1 << SHIFT) as f64;
    (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i32
}

const KR: f64 = 0.2126;
const KB: f64 = 0.0722;
const KG: f64 = 1.0 - KR - KB;
const Y: [i32; 3] = [fixed(KR, 219.0), fixed(KG, 219.0), fixed(KB, 219.0)];
const U: [i32; 3] = [
    fixed(-KR / (2.0 * (1.0 - KB)), 224.0),
    fixed(-KG / (2.0 * (1.0 - KB)), 224.0),
    fixed(0.5, 224.0),
];
const V: [i32; 3] = [
    fixed(0.5, 224.0),
    fixed(-KG / (2.0 * (1.0 - KR)), 224.0),
    fixed(-KB / (2.0 * (1.0 - KR)), 224.0),
];

impl Planes {
    /// Black planes; `size` has even sides.
    pub(crate) fn new(size: Size) -> Self {
        let (width, height) = (size.width as usize, size.height as usize);
        assert!(width % 2 == 0 && height % 2 == 0, "4:2:0 needs even sides, not {size:?}");
        Self {
            size,
            y: vec![16; width * height],
            u: vec![128; width * height / 4],
            v: vec![128; width * height / 4],
        }
    }

    pub(crate) fn size(&self) -> Size {
        self.size
    }

    /// Takes over a picture of the same size, four bytes a pixel.
    pub(crate) fn fill(&mut self, rgba: &[u8]) {
        let width = self.size.width as usize;
        assert_eq!(rgba.len(), self.y.len() * 4, "a picture of another size");
        let luma = self.y.chunks_exact_mut(width * 2);
        let chroma = self.u.chunks_exact_mut(width / 2).zip(self.v.chunks_exact_mut(width / 2));
        for ((rows, luma), (u, v)) in rgba.chunks_exact(width * 8).zip(luma).zip(chroma) {
            for (pixel, y) in rows.chunks_exact(4).zip(luma.iter_mut()) {
                let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(i32::from);
                let sum = Y[0] * r + Y[1] * g + Y[2] * b + (16 << SHIFT) + (1 << (SHIFT - 1));
                *y = (sum >> SHIFT) as u8;
            }
            let (upper, lower) = rows.split_at(width * 4);
            let quads = upper.chunks_exact(8).zip(lower.chunks_exact(8));
            for ((a, b), (u, v)) in quads.zip(u.iter_mut().zip(v.iter_mut())) {
                let mean = |i: usize| {
                    i32::from(a[i]) + i32::from(a[i + 4]) + i32::from(b[i]) + i32::from(b[i + 4])
                };
                let [r, g, b] = [mean(0), mean(1), mean(2)];
                let round = (128 << (SHIFT + 2)) + (1 << (SHIFT + 1));
                *u = ((U[0] * r + U[1] * g + U[2] * b + round) >> (SHIFT + 2)) as u8;
                *v = ((V[0] * r + V[1] * g + V[2] * b + round) >> (SHIFT + 2)) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_by_bt709_limited() {
        // Values of ITU-R BT.709-6 section 3 with 8 bits, computed by hand.
        for (rgb, yuv) in [
            ([0, 0, 0], [16, 128, 128]),
            ([255, 255, 255], [235, 128, 128]),
            ([255, 0, 0], [63, 102, 240]),
            ([0, 255, 0], [173, 42, 26]),
            ([0, 0, 255], [32, 240, 118]),
            ([128, 128, 128], [126, 128, 128]),
        ] {
            let mut planes = Planes::new(Size::new(2, 2));
            let [r, g, b] = rgb;
            planes.fill(&[r, g, b, 255].repeat(4));
            assert_eq!([planes.y[3], planes.u[0], planes.v[0]], yuv, "{rgb:?}");
        }
    }

    #[test]
    fn chroma_is_the_mean_of_four() {
        let mut planes = Planes::new(Size::new(2, 2));
        let (red, blue) = ([255, 0, 0, 255], [0, 0, 255, 255]);
        planes.fill(&[red, blue, blue, red].concat());
        assert_eq!((planes.u[0], planes.v[0]), (171, 179));
        assert_eq!(planes.y, [63, 32, 32, 63]);
    }
}
