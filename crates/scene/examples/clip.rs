//! Writes frames of a street as an H.264 stream: `clip SEED FIRST COUNT WIDTH GOP OUT.h264`.

use razz_base::Size;
use razz_scene::{Canvas, Encoder, Rate, Street};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [seed, first, count, width, gop, path] = args.as_slice() else {
        return Err("usage: clip SEED FIRST COUNT WIDTH GOP OUT.h264".into());
    };
    let street = Street::new(seed.parse()?);
    let width: u32 = width.parse()?;
    let size = Size::new(width, width * Street::SIZE.height / Street::SIZE.width);
    let mut encoder = Encoder::with_size(size, Rate::Constant, gop.parse()?)?;
    let mut canvas = Canvas::new();
    let mut stream = Vec::new();
    let first: u64 = first.parse()?;
    for frame in first..first + count.parse::<u64>()? {
        street.render(frame, &mut canvas);
        stream.extend(encoder.encode(&canvas)?.annex_b);
    }
    std::fs::write(path, stream)?;
    Ok(())
}
