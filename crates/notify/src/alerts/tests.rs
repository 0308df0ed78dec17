//! Alerts told by the ways that their rules name.

use razz_base::{CameraId, MediaTime};
use razz_vision::Picture;

use super::*;

/// No pictures.
struct Pictures;

impl PictureSource for Pictures {
    fn of(&self, _frame: FrameKey) -> Option<Picture> {
        None
    }

    fn newest(&self, _camera: CameraId) -> Option<Picture> {
        None
    }
}

fn alert(id: &str, state: State) -> Alert {
    Alert {
        id: id.into(),
        rule: "Fence".into(),
        when: When::Crossing,
        state,
        camera: CameraId::new(7).unwrap(),
        area: Some("Fence".into()),
        class: Some("person".into()),
        direction: None,
        measured: None,
        held_us: 0,
        since_us: i64::MAX / 2,
        since_media: Some(MediaTime::from_90k(90_000)),
        until_us: (state == State::Resolved).then_some(i64::MAX / 2 + 1),
        count: 1,
        more: 0,
        sends: 1,
        track: None,
    }
}

fn news(kind: Became, alert: Alert, send: &[&str]) -> AlertNews {
    AlertNews {
        kind,
        alert,
        words: "Somebody crossed Fence of Gate".to_owned(),
        camera_name: "Gate".to_owned(),
        send: send.iter().map(|way| (*way).to_owned()).collect(),
        acknowledged: None,
    }
}

fn fired(id: &str, send: &[&str]) -> AlertNews {
    news(Became::Fired, alert(id, State::Firing), send)
}

fn resolved(id: &str) -> AlertNews {
    news(Became::Resolved, alert(id, State::Resolved), &[])
}

/// What is told by MQTT, webhook and mail, as "kind id" each.
async fn told(rules: &[Rule], all: &[AlertNews]) -> [Vec<String>; 3] {
    let kinds = vec![EventKind::AlertFiring, EventKind::AlertResolved];
    let routes = [Channel::Mqtt, Channel::Webhook, Channel::Mail].map(|channel| {
        let queue = Queue::new(channel.name().to_owned(), kinds.clone());
        Route { channel, queue, wants_pictures: true }
    });
    let queues = routes.each_ref().map(|route| Arc::clone(&route.queue));
    let link = Some("https://razz.example".to_owned());
    let mut teller = Teller::new(routes.into(), Arc::new(Pictures), link, rules, Clock::start());
    for news in all {
        teller.handle(news).await;
    }
    queues.map(|queue| {
        let all = std::iter::from_fn(|| queue.pop());
        all.map(|event| format!("{} {}", event.message.kind.name(), event.message.id)).collect()
    })
}

#[tokio::test]
async fn each_way_has_what_rules_name_it_for() {
    let end = format!("end-{}", i64::MAX / 2 + 1);
    let (fires, over) = ("alert_firing a-1".to_owned(), format!("alert_resolved a-{end}"));
    let summary = |state| {
        let alert = Alert { sends: 2, more: 3, ..alert("a", state) };
        news(Became::Summary, alert, &["mqtt", "mail"])
    };
    let summed = "alert_firing a-2".to_owned();
    for (all, expected) in [
        (vec![fired("a", &["mqtt"])], [vec![fires.clone()], vec![], vec![]]),
        // That it is over is told to those who keep a state, and once.
        (
            vec![fired("a", &["mqtt", "mail"]), resolved("a"), resolved("a")],
            [vec![fires.clone(), over.clone()], vec![], vec![fires.clone()]],
        ),
        (
            vec![fired("a", &["webhook"]), resolved("b"), resolved("a")],
            [vec![], vec![fires.clone(), over.clone()], vec![]],
        ),
        // Not sent.
        (vec![fired("a", &[]), resolved("a")], [vec![], vec![], vec![]]),
        (
            vec![news(Became::Merged, alert("a", State::Firing), &["mqtt"])],
            [vec![], vec![], vec![]],
        ),
        // A summary of what is over already does not open it again.
        (
            vec![fired("a", &["mqtt"]), resolved("a"), summary(State::Resolved), resolved("a")],
            [vec![fires.clone(), over.clone(), summed.clone()], vec![], vec![summed.clone()]],
        ),
        (
            vec![fired("a", &["mqtt"]), summary(State::Firing), resolved("a")],
            [vec![fires.clone(), summed.clone(), over.clone()], vec![], vec![summed.clone()]],
        ),
    ] {
        assert_eq!(told(&[], &all).await, expected, "{all:?}");
    }
}

#[tokio::test]
async fn what_fired_before_the_start_is_over_where_its_rule_sends() {
    let rule = razz_alert::Draft {
        area: Some("Fence".into()),
        notify: vec!["webhook".to_owned(), "mail".to_owned()],
        ..razz_alert::Draft::new("Fence", When::Crossing)
    };
    let rules = [Rule::new(rule).unwrap()];
    let older = |sends| {
        let alert = Alert { since_us: 1, sends, ..alert("a", State::Resolved) };
        news(Became::Resolved, alert, &[])
    };
    for (news, count) in [(older(1), 1), (older(0), 0), (resolved("a"), 0)] {
        let [mqtt, webhook, mail] = told(&rules, &[news]).await;
        assert_eq!((mqtt.len(), webhook.len(), mail.len()), (0, count, 0));
    }
}

#[test]
fn a_link_leads_to_the_frame_or_the_time() {
    for (media, since_us, expected) in [
        (Some(158_805_900_011_070), 0, "90k:158805900011070"),
        (None, 1_764_510_000_512_345, "1764510000.512"),
        (Some(-5), 1_000_000, "1.000"),
    ] {
        let since_media = media.map(MediaTime::from_90k);
        let alert = Alert { since_media, since_us, ..alert("a", State::Firing) };
        let expected = format!("https://razz.example/playback.html?at={expected}&camera=7");
        assert_eq!(
            playback_link("https://razz.example", alert.camera, alert.since_media, alert.since_us),
            expected
        );
    }
}

#[test]
fn the_oldest_of_too_many_is_forgotten() {
    let mut open = Open::new(&[], 0);
    for n in 0..=MAX_OPEN {
        open.note(&fired(&n.to_string(), &["mqtt"]));
    }
    assert_eq!((open.ways.len(), open.order.len()), (MAX_OPEN, MAX_OPEN));
    assert!(open.close(&alert("0", State::Resolved)).is_empty());
    assert_eq!(open.close(&alert("1", State::Resolved)), ["mqtt"]);
    assert_eq!(open.order.len(), MAX_OPEN - 1);
}
