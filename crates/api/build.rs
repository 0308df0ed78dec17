//! The pages are embedded in the binary, so they have to be built before it.

fn main() {
    let dist = "../../web/dist";
    println!("cargo::rerun-if-changed={dist}");
    if !std::path::Path::new(dist).join("index.html").is_file() {
        println!("cargo::error=web/dist is not built yet; run `make web` first");
    }
}
