//! H.265 by a decoder in Rust, which razz has in itself.

use razz_base::Size;

use super::codec::{Codec, Out, Pixels};
use super::hevc::{Decoded, HevcDecoder};
use crate::picture::{Plane, Planes};

impl Codec for HevcDecoder {
    fn decode(&mut self, data: &[u8], tag: u64, out: Out<'_>) -> Result<(), String> {
        let due = HevcDecoder::decode(self, data, tag).map_err(|error| error.to_string())?;
        due.iter().for_each(|decoded| out(decoded.tag(), decoded));
        Ok(())
    }

    fn restart(&mut self) -> Result<(), String> {
        self.reset();
        Ok(())
    }

    fn drain(&mut self, out: Out<'_>) {
        self.flush().iter().for_each(|decoded| out(decoded.tag(), decoded));
    }

    fn orders(&self) -> bool {
        true
    }
}

impl Pixels for Decoded {
    fn size(&self) -> Size {
        Decoded::size(self)
    }

    fn luma<'a>(&'a self, room: &'a mut Vec<u8>) -> Plane<'a> {
        room.clear();
        self.append_plane(0, room);
        let size = Decoded::size(self);
        let (width, height) = (size.width as usize, size.height as usize);
        Plane { data: room, stride: width, width, height }
    }

    fn copy_into(&self, planes: &mut Planes) {
        self.write(planes);
    }
}
