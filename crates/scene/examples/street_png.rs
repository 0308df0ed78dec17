//! Writes one frame of a street as PNG: `street_png SEED FRAME OUT.png [boxes]`.
#![expect(clippy::print_stdout, reason = "a command-line example")]

use razz_scene::{Canvas, Street};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [seed, frame, path, boxes @ ..] = args.as_slice() else {
        return Err("usage: street_png SEED FRAME OUT.png [boxes]".into());
    };
    let street = Street::new(seed.parse()?);
    let frame: u64 = frame.parse()?;
    let mut canvas = Canvas::new();
    street.render(frame, &mut canvas);
    let size = canvas.size();
    let mut pixels = canvas.rgba().to_vec();
    for truth in street.truth(frame) {
        println!(
            "object {} class {} visible {:.2} inside {:.2} {:.0?}",
            truth.object,
            truth.class.0,
            truth.visible,
            truth.inside,
            truth.bbox.to_array()
        );
        if !boxes.is_empty() {
            let colour = if truth.visible < 0.35 { [255, 0, 0, 255] } else { [0, 255, 0, 255] };
            let b = truth.bbox;
            let (left, right) = (b.left as usize, (b.right as usize).min(size.width as usize - 1));
            let (top, bottom) = (b.top as usize, (b.bottom as usize).min(size.height as usize - 1));
            let mut dot = |x: usize, y: usize| {
                pixels[(y * size.width as usize + x) * 4..][..4].copy_from_slice(&colour);
            };
            (left..=right).for_each(|x| [top, bottom].iter().for_each(|y| dot(x, *y)));
            (top..=bottom).for_each(|y| [left, right].iter().for_each(|x| dot(*x, y)));
        }
    }
    let file = std::io::BufWriter::new(std::fs::File::create(path)?);
    let mut encoder = png::Encoder::new(file, size.width, size.height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(())
}
