//! A clip in which everything is fast, its frames' numbers in their pixels, and the truth about
//! every frame: `crossing FOLDER [SEED] [STRIDE]` writes `crossing.h264` and `crossing.json`.
//!
//! Each frame of the clip is the next but STRIDE of the street: at 2, cars cross the picture in two
//! seconds. The clip closes into a loop if STRIDE divides [`Street::PERIOD`].
#![expect(clippy::print_stdout, reason = "a command-line example")]

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use razz_scene::{Canvas, Encoder, Rate, Street, Truth};

/// Frames from one IDR to the next.
const GOP_FRAMES: u32 = 30;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (folder, rest) = args.split_first().ok_or("usage: crossing FOLDER [SEED] [STRIDE]")?;
    let number = |at: usize, usual: u64| rest.get(at).map_or(Ok(usual), |text| text.parse());
    let (seed, stride) = (number(0, 1)?, number(1, 2)?.max(1));
    let folder = PathBuf::from(folder);
    fs::create_dir_all(&folder)?;

    let street = Street::new(seed);
    let mut encoder = Encoder::new(Rate::Constant, GOP_FRAMES)?;
    let mut canvas = Canvas::new();
    let (mut video, mut truths) = (Vec::new(), Vec::new());
    let frames = Street::PERIOD / stride;
    for frame in 0..frames {
        street.render(frame * stride, &mut canvas);
        canvas.write_number(u16::try_from(frame)?);
        video.extend_from_slice(&encoder.encode(&canvas)?.annex_b);
        let objects: Vec<String> = street.truth(frame * stride).iter().map(json).collect();
        truths.push(format!("[{}]", objects.join(",")));
    }
    let size = Street::SIZE;
    let text = format!(
        "{{\"fps\":{},\"size\":[{},{}],\"frames\":[\n{}\n]}}\n",
        Street::FPS,
        size.width,
        size.height,
        truths.join(",\n")
    );
    fs::write(folder.join("crossing.h264"), video)?;
    fs::write(folder.join("crossing.json"), text)?;
    println!("{frames} frames in {}", folder.display());
    Ok(())
}

fn json(truth: &Truth) -> String {
    let mut text = String::new();
    let [left, top, right, bottom] = truth.bbox.to_array();
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "{{\"object\":{},\"class\":{},\"bbox\":[{left:.1},{top:.1},{right:.1},{bottom:.1}],\
         \"visible\":{:.3},\"inside\":{:.3}}}",
        truth.object, truth.class.0, truth.visible, truth.inside
    );
    text
}
