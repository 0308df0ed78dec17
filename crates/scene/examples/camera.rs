//! A test camera: `cargo run -p razz-scene --example camera -- [--port 8554] [--cameras 2]
//! [--user NAME --password WORD] [--basic] [--quirk NAME]...`. `--quirks` lists the quirks that a
//! camera can have.
#![expect(clippy::print_stdout, reason = "a command-line example")]

use std::net::TcpListener;

use razz_scene::camera::{
    Authentication, CameraOptions, Credentials, Faults, Mount, Quirk, Quirks, RtspCamera,
};
use razz_scene::{Cache, Footage};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (mut port, mut cameras) = (8554u16, 2u64);
    let (mut user, mut password) = (None, String::new());
    let mut options = CameraOptions::default();
    let mut quirks = Quirks::NONE;
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let mut value = || args.next().ok_or(format!("{name} wants a value"));
        match name.as_str() {
            "--port" => port = value()?.parse()?,
            "--cameras" => cameras = value()?.parse()?,
            "--user" => user = Some(value()?),
            "--password" => password = value()?,
            "--quirk" => {
                let name = value()?;
                let quirk = Quirk::find(&name).ok_or(format!("no quirk is called {name}"))?;
                quirks = quirks.with(quirk);
            }
            "--quirks" => {
                for quirk in Quirk::ALL {
                    println!("{:34}{}", quirk.name(), quirk.description().trim());
                }
                return Ok(());
            }
            "--basic" => options.authentication = Authentication::Basic,
            _ => return Err(format!("unknown option {name}").into()),
        }
    }
    options.credentials = user.map(|user| Credentials { user, password });
    let mut mounts = Vec::new();
    for seed in 1..=cameras {
        let footage = Footage::street(seed, Cache::find(), move |progress| {
            println!("street {seed}: {progress:?}");
        })?;
        let mount = Mount::new(format!("camera{seed}"), footage);
        mount.faults().set(Faults { quirks, ..Faults::default() });
        mounts.push(mount);
    }
    let camera = RtspCamera::start(TcpListener::bind(("127.0.0.1", port))?, mounts, options)?;
    for seed in 1..=cameras {
        println!("{}", camera.url(&format!("camera{seed}")).unwrap_or_default());
    }
    loop {
        std::thread::park();
    }
}
