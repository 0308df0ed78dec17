//! What all decoder libraries look like to the decoder: access units in, pictures out.

use razz_base::Size;

use crate::picture::{Plane, Planes};

/// One stream's decoder in some library.
///
/// It is given nothing that leans on what it did not decode: [`Decoder`](super::Decoder) sees to that.
pub(super) trait Codec: Send {
    /// Decodes one access unit (Annex B, or a JPEG picture), which is known as `tag` from here on, and
    /// shows `out` each picture that is ready now with its access unit's tag.
    ///
    /// # Errors
    /// When it is damaged, or leans on pictures that are not there, in the library's words. What came
    /// out before may be used; after it the decoder is restarted.
    fn decode(&mut self, data: &[u8], tag: u64, out: Out<'_>) -> Result<(), String>;

    /// Forgets all pictures; an IDR comes next.
    ///
    /// # Errors
    /// When the library does not start again, in its words.
    fn restart(&mut self) -> Result<(), String>;

    /// The pictures still held back, at the end of a stream.
    fn drain(&mut self, out: Out<'_>);

    /// Whether pictures come out in output order; else each comes out of the call that put it in.
    fn orders(&self) -> bool;

    /// Whether it may hold a picture back though the stream does not reorder: hardware does.
    fn delays(&self) -> bool {
        false
    }
}

/// What is handed the pictures that come out.
pub(super) type Out<'a> = &'a mut dyn FnMut(u64, &dyn Pixels);

/// A decoded picture, wherever its library has it: nothing is copied before it is asked for.
pub(super) trait Pixels {
    /// Width and height in pixels.
    fn size(&self) -> Size;
    /// Luma in 8 bits; `room` is used where it is stored otherwise.
    fn luma<'a>(&'a self, room: &'a mut Vec<u8>) -> Plane<'a>;
    /// Copies it in 8 bits and 4:2:0.
    fn copy_into(&self, planes: &mut Planes);
}

/// A decoded picture as its library holds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'a> {
    /// Samples a row of luma.
    pub(super) width: usize,
    /// Rows of luma.
    pub(super) height: usize,
    /// Where chroma is.
    pub(super) chroma: Chroma,
    /// Samples of more than 8 bits take two bytes, the lower one first.
    pub(super) depth: Depth,
    /// Luma, Cb, Cr; what is not there is empty.
    pub(super) planes: [&'a [u8]; 3],
    /// Bytes from one row to the next.
    pub(super) strides: [usize; 3],
}

/// How chroma is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Chroma {
    /// None: monochrome.
    Absent,
    /// In planes, with a sample for so many luma samples across and down.
    Planar { across: usize, down: usize },
    /// Half as many in each direction, Cb and Cr by turns in the second plane.
    Interleaved,
}

/// How a sample is stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Depth {
    /// In a byte.
    Eight,
    /// In the lower bits of two bytes: so many of them, 9 to 16.
    Low(u32),
    /// In the higher bits of two bytes.
    High,
}

impl Depth {
    /// The sample `n` of `row`, in 8 bits, rounded.
    fn sample(self, row: &[u8], n: usize) -> u8 {
        let wide = || u32::from(u16::from_le_bytes([row[2 * n], row[2 * n + 1]]));
        let rounded = |value: u32, bits: u32| ((value + (1 << (bits - 9))) >> (bits - 8)).min(255);
        match self {
            Self::Eight => row[n],
            Self::Low(bits) => rounded(wide(), bits) as u8,
            Self::High => rounded(wide(), 16) as u8,
        }
    }

    fn bytes(self) -> usize {
        if self == Self::Eight { 1 } else { 2 }
    }
}

impl<'a> Raw<'a> {
    /// 8 bits, 4:2:0, in planes.
    pub(super) fn plain(planes: [Plane<'a>; 3]) -> Self {
        Self {
            width: planes[0].width,
            height: planes[0].height,
            chroma: Chroma::Planar { across: 2, down: 2 },
            depth: Depth::Eight,
            planes: planes.map(|plane| plane.data),
            strides: planes.map(|plane| plane.stride),
        }
    }

    fn chroma_size(&self) -> (usize, usize) {
        (self.width.div_ceil(2), self.height.div_ceil(2))
    }

    /// The planes, where they are stored as a [`Picture`](crate::Picture)'s are.
    fn as_planes(&self) -> Option<[Plane<'a>; 3]> {
        let plain =
            self.depth == Depth::Eight && self.chroma == (Chroma::Planar { across: 2, down: 2 });
        let (width, height) = self.chroma_size();
        let plane = |n: usize, width, height| Plane {
            data: self.planes[n],
            stride: self.strides[n],
            width,
            height,
        };
        plain.then(|| {
            [plane(0, self.width, self.height), plane(1, width, height), plane(2, width, height)]
        })
    }

    fn row(&self, plane: usize, y: usize, samples: usize) -> &'a [u8] {
        &self.planes[plane][y * self.strides[plane]..][..samples * self.depth.bytes()]
    }

    fn push_luma(&self, out: &mut Vec<u8>) {
        for y in 0..self.height {
            let row = self.row(0, y, self.width);
            match self.depth {
                Depth::Eight => out.extend_from_slice(row),
                depth => out.extend((0..self.width).map(|x| depth.sample(row, x))),
            }
        }
    }

    /// Cb (0) or Cr (1): each sample is the mean of those that it stands for.
    fn push_chroma(&self, which: usize, out: &mut Vec<u8>) {
        let (width, height) = self.chroma_size();
        match self.chroma {
            Chroma::Absent => out.resize(out.len() + width * height, 128),
            Chroma::Interleaved => {
                for y in 0..height {
                    let row = self.row(1, y, 2 * width);
                    out.extend((0..width).map(|x| self.depth.sample(row, 2 * x + which)));
                }
            }
            Chroma::Planar { across, down } => {
                // How many samples of the plane one of ours stands for, each way.
                let (columns, rows) = ((2 / across).max(1), (2 / down).max(1));
                let (stored_width, stored_height) =
                    (self.width.div_ceil(across), self.height.div_ceil(down));
                for y in 0..height {
                    for x in 0..width {
                        let mut sum = 0;
                        for row in 0..rows {
                            let y = (y * 2 / down).min(stored_height - 1);
                            let row =
                                self.row(1 + which, (y + row).min(stored_height - 1), stored_width);
                            for column in 0..columns {
                                let x = (x * 2 / across).min(stored_width - 1);
                                let x = (x + column).min(stored_width - 1);
                                sum += u32::from(self.depth.sample(row, x));
                            }
                        }
                        let count = (columns * rows) as u32;
                        out.push(((sum + count / 2) / count) as u8);
                    }
                }
            }
        }
    }
}

impl Pixels for Raw<'_> {
    fn size(&self) -> Size {
        Size::new(self.width as u32, self.height as u32)
    }

    fn luma<'a>(&'a self, room: &'a mut Vec<u8>) -> Plane<'a> {
        if self.depth == Depth::Eight {
            let (width, height) = (self.width, self.height);
            return Plane { data: self.planes[0], stride: self.strides[0], width, height };
        }
        room.clear();
        self.push_luma(room);
        Plane { data: room, stride: self.width, width: self.width, height: self.height }
    }

    fn copy_into(&self, planes: &mut Planes) {
        if let Some(plain) = self.as_planes() {
            return planes.fill(plain);
        }
        planes.rewrite(|out| {
            self.push_luma(out);
            (0..2).for_each(|which| self.push_chroma(which, out));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Copies a picture of 4x2 (or `size`) and answers its samples.
    fn copied(chroma: Chroma, depth: Depth, planes: [&[u8]; 3], strides: [usize; 3]) -> Vec<u8> {
        let raw = Raw { width: 4, height: 2, chroma, depth, planes, strides };
        let mut copy = Planes::default();
        raw.copy_into(&mut copy);
        copy.into_samples()
    }

    #[test]
    fn every_way_of_storing_gives_eight_bits_and_quarter_chroma() {
        let luma = [1, 2, 3, 4, 0, 5, 6, 7, 8, 0];
        let wide =
            |values: &[u16]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        let half = Chroma::Planar { across: 2, down: 2 };
        let eight: [u8; 12] = [1, 2, 3, 4, 5, 6, 7, 8, 10, 20, 30, 40];
        let deep = wide(&[4, 8, 12, 16, 20, 24, 28, 33]);
        for (name, chroma, depth, planes, strides, expected) in [
            ("4:2:0", half, Depth::Eight, [&luma[..], &[10, 20, 99], &[30, 40]], [5, 3, 2], eight),
            (
                "interleaved",
                Chroma::Interleaved,
                Depth::Eight,
                [&luma[..], &[10, 30, 20, 40], &[]],
                [5, 4, 0],
                eight,
            ),
            (
                "4:2:2: the mean of two rows",
                Chroma::Planar { across: 2, down: 1 },
                Depth::Eight,
                [&luma[..], &[9, 19, 11, 21], &[29, 39, 31, 41]],
                [5, 2, 2],
                eight,
            ),
            (
                "4:4:4: the mean of four",
                Chroma::Planar { across: 1, down: 1 },
                Depth::Eight,
                [&luma[..], &[8, 9, 18, 19, 11, 12, 21, 22], &[28, 29, 38, 39, 31, 32, 41, 42]],
                [5, 4, 4],
                eight,
            ),
            (
                "monochrome",
                Chroma::Absent,
                Depth::Eight,
                [&luma[..], &[], &[]],
                [5, 0, 0],
                [1, 2, 3, 4, 5, 6, 7, 8, 128, 128, 128, 128],
            ),
            (
                "10 bits, rounded",
                half,
                Depth::Low(10),
                [&deep[..], &wide(&[40, 81]), &wide(&[119, 1023])],
                [8, 4, 4],
                [1, 2, 3, 4, 5, 6, 7, 8, 10, 20, 30, 255],
            ),
            (
                "10 bits in the higher ones, interleaved",
                Chroma::Interleaved,
                Depth::High,
                [
                    &wide(&[256, 512, 768, 1024, 1280, 1536, 1792, 2048]),
                    &wide(&[2560, 7680, 5120, 10240]),
                    &[],
                ],
                [8, 8, 0],
                eight,
            ),
        ] {
            assert_eq!(copied(chroma, depth, planes, strides), expected, "{name}");
            let raw = Raw { width: 4, height: 2, chroma, depth, planes, strides };
            let mut room = Vec::new();
            let seen = raw.luma(&mut room);
            assert_eq!([seen.row(0), seen.row(1)].concat(), &expected[..8], "{name}");
        }
    }
}
