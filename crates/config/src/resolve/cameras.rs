//! The cameras: each by itself, and no two with one number.

use razz_base::{CameraId, DetectFrom, DetectRate, RecordMode, Transport};

use super::Resolver;
use crate::camera_networks::CameraNetworks;
use crate::certificate::NoCheck;
use crate::document::At;
use crate::redact::Secret;
use crate::resolved::Camera;
use crate::source::Source;
use crate::written::{self, DETECT_FPS, Fps, MAX_NAME, PRIORITY};

impl Resolver<'_, '_> {
    pub(super) fn cameras(
        &mut self,
        written: Vec<At<written::Camera>>,
        reach: &CameraNetworks,
    ) -> Option<Vec<Camera>> {
        let mut first_at: Vec<(CameraId, usize)> = Vec::new();
        let mut cameras = Some(Vec::new());
        for camera in written {
            let id_at = camera.value.id.at;
            let camera = self.camera(camera.value, reach);
            if let Some(camera) = &camera {
                match first_at.iter().find(|(id, _)| *id == camera.id) {
                    Some((id, at)) => {
                        let line = self.problems.line(*at);
                        let message = format!(
                            "camera id {id} is taken by the camera on line {line}; give each its own"
                        );
                        self.problems.add(id_at, message);
                    }
                    None => first_at.push((camera.id, id_at)),
                }
            }
            match camera {
                Some(camera) => cameras.iter_mut().for_each(|list| list.push(camera.clone())),
                None => cameras = None,
            }
        }
        cameras
    }

    fn camera(&mut self, written: written::Camera, reach: &CameraNetworks) -> Option<Camera> {
        let id = u32::try_from(written.id.value).ok().and_then(CameraId::new);
        let id = id.filter(|id| !id.is_ad_hoc());
        if id.is_none() {
            let message = format!(
                "`id` expects a whole number from 1 to {}; higher ones are for ad-hoc cameras",
                CameraId::FIRST_AD_HOC - 1
            );
            self.problems.add(written.id.at, message);
        }
        let name = written.name.value.as_deref().map(str::trim).unwrap_or_default();
        if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            let message = format!("`name` expects one line of at most {MAX_NAME} characters");
            self.problems.add(written.name.at, message);
        }
        let detect_fps = self.detect_fps(&written.detect_fps);
        let priority = self.priority(&written.priority);
        let record = self.word("record", &written.record, &RecordMode::ALL);
        let around_us = self.around(&written.pre, &written.post);
        let transports =
            [("tcp", Transport::Tcp), ("udp", Transport::Udp), ("http", Transport::Http)];
        let transport = self.word("transport", &written.transport, &transports);
        let address_at = written.url.at;
        let address = self.secret("url", written.url);
        let username = self.optional_secret("username", written.username);
        let password = self.optional_secret("password", written.password);
        let certificate = written.certificate.value.parse().map_err(|error: NoCheck| {
            self.problems.add(written.certificate.at, format!("`certificate`: {error}"));
        });
        let source = Source::new(address?.reveal(), username?, password?, transport?)
            .map_err(|error| self.problems.add(address_at, format!("`url`: {error}")))
            .ok()
            .map(|source| Source { reach: reach.clone(), ..source });
        if let Some(Err(error)) = source.as_ref().and_then(Source::check_literal) {
            let message = format!(
                "`url`: {error}; if a camera is there, add its network to `camera_networks` in \
                 [access]"
            );
            self.problems.add(address_at, message);
        }
        let detect_from = [("main", DetectFrom::Main), ("sub", DetectFrom::Sub)];
        let detect_from = self.word("detect_from", &written.detect_from, &detect_from);
        if detect_from == Some(DetectFrom::Sub) && written.sub_url.value.is_none() {
            let message = "`detect_from = \"sub\"` needs `sub_url`, the address of the camera's smaller \
                           stream";
            self.problems.add(written.detect_from.at, message);
        }
        if record == Some(RecordMode::Visits) && detect_fps == Some(DetectRate::Off) {
            let message =
                "`record = \"visits\"` needs detection, which tells visits: set `detect_fps`";
            self.problems.add(written.record.at, message);
        }
        let (id, certificate) = (id?, certificate.ok()?);
        let name = if name.is_empty() { format!("Camera {id}") } else { name.to_owned() };
        let source = Source { certificate, ..source? };
        let sub = self.sub_source(written.sub_url, &source)?;
        let (detect_from, detect_fps, priority) = (detect_from?, detect_fps?, priority?);
        let (record, around_us) = (record?, around_us?);
        Some(Camera {
            id,
            name,
            source,
            sub,
            detect_from,
            detect_fps,
            priority,
            record,
            around_us,
            // They are drawn in tables of their own.
            masks: Vec::new(),
        })
    }

    /// Where the smaller stream of the camera at `main` is; `None` where that is wrong.
    fn sub_source(&mut self, written: At<Option<Secret>>, main: &Source) -> Option<Option<Source>> {
        let at = written.at;
        let Some(address) = self.optional_secret("sub_url", written)? else { return Some(None) };
        let source = main.beside(address.reveal());
        let source =
            source.map_err(|error| self.problems.add(at, format!("`sub_url`: {error}"))).ok()?;
        if let Some(Err(error)) = source.check_literal() {
            let message = format!(
                "`sub_url`: {error}; if a camera is there, add its network to `camera_networks` in \
                 [access]"
            );
            self.problems.add(at, message);
        }
        Some(Some(source))
    }

    fn priority(&mut self, written: &At<f64>) -> Option<f64> {
        let (low, high) = PRIORITY;
        if (low..=high).contains(&written.value) {
            return Some(written.value);
        }
        let message = format!("`priority` expects a number from {low} to {high}");
        self.problems.add(written.at, message);
        None
    }

    fn detect_fps(&mut self, written: &At<Fps>) -> Option<DetectRate> {
        let (low, high) = DETECT_FPS;
        match &written.value {
            Fps::Number(0.0) => return Some(DetectRate::Off),
            Fps::Number(fps) if (low..=high).contains(fps) => {
                return Some(DetectRate::PerSecond(*fps));
            }
            Fps::Word(word) if word == "max" => return Some(DetectRate::Max),
            Fps::Number(_) | Fps::Word(_) => {}
        }
        let message = format!(
            "`detect_fps` expects detections per second from {low} to {high}, 0, or \"max\""
        );
        self.problems.add(written.at, message);
        None
    }
}
