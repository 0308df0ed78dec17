//! What the runs of a camera have found out for those to come.

use razz_config::Source;
use razz_rtsp::{KeepAlive, Settings};

use super::ended::Ended;

/// What became of the camera's audio in a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Audio {
    /// The camera describes none.
    #[default]
    Absent,
    /// It describes some, which was not asked for.
    Offered,
    /// It was set up, and is dropped as it comes.
    SetUp,
}

/// What the runs of a camera have found out for those to come.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Keep-alives that ended runs.
    avoid: Vec<KeepAlive>,
    /// OPTIONS has to come before DESCRIBE.
    begin_with_options: bool,
    /// The camera may send its video only where its audio is set up too.
    set_up_audio: bool,
    /// Its marker bits do not end pictures.
    distrust_markers: bool,
    /// The next dial does something else than those before it, which may help.
    is_news: bool,
    /// Where the next run begins, if not at the camera's address.
    next: Option<Source>,
}

impl Known {
    /// Whether the next dial does something else than the last one, since the last call.
    pub(super) fn take_news(&mut self) -> bool {
        std::mem::take(&mut self.is_news)
    }

    /// Where this run begins, if not at the camera's address.
    pub(super) fn take_next(&mut self) -> Option<Source> {
        self.next.take()
    }

    /// Whether audio is to be set up with the video.
    pub(super) fn set_up_audio(&self) -> bool {
        self.set_up_audio
    }

    /// Whether the camera's marker bits do not end pictures.
    pub(super) fn distrusts_markers(&self) -> bool {
        self.distrust_markers
    }

    /// So a session showed.
    pub(super) fn handle_markers(&mut self, distrusted: bool) {
        self.distrust_markers = distrusted;
    }

    /// A session's settings as experience has them.
    pub(super) fn apply(&self, settings: Settings) -> Settings {
        let (avoid, begin_with_options) = (self.avoid.clone(), self.begin_with_options);
        Settings { avoid, begin_with_options, ..settings }
    }

    /// A session came as far as it did before PLAY, and shows how the next had better begin.
    pub(super) fn handle_opening(&mut self, next_begins_with_options: bool) {
        self.is_news |= next_begins_with_options != self.begin_with_options;
        self.begin_with_options = next_begins_with_options;
    }

    /// A session ended in which no picture came.
    pub(super) fn handle_no_picture(&mut self, ended: &Ended, audio: Audio) {
        match (audio, ended) {
            (Audio::Offered, Ended::Stalled) => (self.set_up_audio, self.is_news) = (true, true),
            // It was no help, whatever happened: then without it again.
            (Audio::SetUp, _) => self.set_up_audio = false,
            (Audio::Absent | Audio::Offered, _) => {}
        }
    }

    /// The camera ended a session because of this keep-alive.
    pub(super) fn avoid(&mut self, keep_alive: KeepAlive) {
        if !self.avoid.contains(&keep_alive) {
            self.avoid.push(keep_alive);
        }
    }

    /// The camera refers elsewhere after it sent pictures.
    pub(super) fn go_on_at(&mut self, source: Source) {
        self.next = Some(source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_is_set_up_by_turns_while_nothing_comes_and_for_good_once_it_helps() {
        use Audio::{Absent, Offered, SetUp};
        let refused = || Ended::Refused("404".to_owned());
        let mut known = Known::default();
        // (how a session ended without a picture, what became of its audio, the next one's, news)
        for (ended, audio, next, news) in [
            (Ended::Stalled, Absent, false, false),
            (refused(), Offered, false, false),
            (Ended::Closed, Offered, false, false),
            (Ended::Stalled, Offered, true, true),
            // Before it was described.
            (Ended::Unreachable("no route".to_owned()), Absent, true, false),
            (Ended::Stalled, SetUp, false, false),
            (Ended::Stalled, Offered, true, true),
            (refused(), SetUp, false, false),
            (Ended::Stalled, Offered, true, true),
        ] {
            known.handle_no_picture(&ended, audio);
            assert_eq!(known.set_up_audio(), next, "{ended:?} {audio:?}");
            assert_eq!(known.take_news(), news, "{ended:?} {audio:?}");
            assert!(!known.take_news(), "once");
        }
        known.handle_markers(true);
        // Each finding stands for itself.
        known.handle_opening(true);
        assert!(known.take_news() && known.set_up_audio() && known.distrusts_markers());
        known.handle_opening(true);
        assert!(!known.take_news());
        known.avoid(KeepAlive::Options);
        known.avoid(KeepAlive::Options);
        let settings = known.apply(Settings::new("rtsp://h/s"));
        assert_eq!((settings.begin_with_options, settings.avoid), (true, vec![KeepAlive::Options]));
    }
}
