//! Whatever is malformed gets one clear sentence and changes nothing.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use serde_json::{Value, json};

use crate::rig::{ADMIN, Answer, Rig, TOKEN, report};

async fn post(rig: &Rig, path: &str, token: &str, media_type: &str, body: String) -> Answer {
    let request = Request::post(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, media_type)
        .body(Body::from(body));
    rig.send(request.unwrap()).await
}

/// A report with one value replaced, or taken out.
fn broken(pointer: &str, value: Option<Value>) -> String {
    let mut report = report(0);
    report["holds"] = json!([{ "id": "h", "reason": "call", "ttl_ms": 1000 }]);
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = report.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    match value {
        Some(value) => parent.insert(field.to_owned(), value),
        None => parent.remove(field),
    };
    report.to_string()
}

#[tokio::test]
async fn a_malformed_report_changes_nothing() {
    let rig = Rig::signed_in().await;
    rig.clock.advance(1000);
    let too_large = json!((1_u64 << 53) + 1);
    let hold = json!({ "id": "h", "reason": "call", "ttl_ms": 1000 });
    let mut cases = vec![
        (400, "{".to_owned()),
        (400, String::new()),
        (422, "[]".to_owned()),
        (422, "null".to_owned()),
        (422, broken("/holds", Some(json!(vec![hold; 65])))),
        (422, broken("/contexts", Some(json!(10_001)))),
        (422, broken("/contexts", Some(json!(-1)))),
        (422, broken("/holds/0/id", Some(json!("")))),
        (422, broken("/holds/0/id", Some(json!("x".repeat(65))))),
        (422, broken("/holds/0/reason", Some(json!("x".repeat(65))))),
        (422, broken("/agent", Some(json!("x".repeat(65))))),
        (422, broken("/agent", Some(json!(1)))),
    ];
    let numbers = [
        "/age_ms",
        "/counts/keystrokes",
        "/counts/clicks",
        "/counts/heartbeats",
        "/counts/notes",
        "/holds/0/ttl_ms",
    ];
    for number in numbers {
        for wrong in
            [json!(-1), json!(0.5), json!(1e300), json!("1"), too_large.clone(), json!(null)]
        {
            cases.push((422, broken(number, Some(wrong))));
        }
        cases.push((422, broken(number, None)));
    }
    // It may be left out.
    for wrong in [json!(-1), json!(0.5), json!("1"), too_large, json!(null)] {
        cases.push((422, broken("/counts/system", Some(wrong))));
    }
    for field in ["/counts", "/contexts", "/holds", "/agent", "/holds/0/id", "/holds/0/reason"] {
        cases.push((422, broken(field, None)));
    }
    for (status, body) in cases {
        let answer = post(&rig, "/v1/keepalive", TOKEN, "application/json", body.clone()).await;
        assert_eq!(answer.status, status, "{body} gave {}", answer.text);
        answer.problem(status);
    }
    assert_eq!(rig.ask().await.json()["idle_ms"], 1000);
    assert_eq!(rig.ask().await.json()["state"], "alive");
}

#[tokio::test]
async fn the_largest_values_are_taken() {
    let rig = Rig::signed_in().await;
    let largest = json!(1_u64 << 53);
    for field in ["/age_ms", "/counts/notes", "/holds/0/ttl_ms"] {
        let body = broken(field, Some(largest.clone()));
        let answer = post(&rig, "/v1/keepalive", TOKEN, "application/json", body).await;
        assert_eq!(answer.status, 200, "{field}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_malformed_registration_registers_nothing() {
    let rig = Rig::new();
    let long = "x".repeat(257);
    let cases = [
        (422, json!({ "user": "ann" })),
        (422, json!({ "token": TOKEN })),
        (422, json!({ "token": "fifteen-letters", "user": "ann" })),
        (422, json!({ "token": "x".repeat(8193), "user": "ann" })),
        (422, json!({ "token": "a token with spaces", "user": "ann" })),
        (422, json!({ "token": "================", "user": "ann" })),
        (422, json!({ "token": TOKEN, "user": "" })),
        (422, json!({ "token": TOKEN, "user": long })),
        (422, json!({ "token": TOKEN, "user": "ann", "sign_in": "" })),
        (422, json!({ "token": TOKEN, "user": "ann", "groups": [""] })),
        (422, json!({ "token": TOKEN, "user": "ann", "groups": vec!["g"; 65] })),
        (422, json!({ "token": TOKEN, "user": "ann", "groups": "g" })),
        (413, json!({ "token": TOKEN, "user": "x".repeat(17_000) })),
    ];
    for (status, body) in cases {
        let answer = rig.call(Method::POST, "/v1/sessions", ADMIN, Some(body.clone())).await;
        assert_eq!(answer.status, status, "{body} gave {}", answer.text);
        answer.problem(status);
    }
    let list = rig.call(Method::GET, "/v1/admin/sessions", ADMIN, None).await;
    assert_eq!(list.json(), json!({ "sessions": [] }));
}

#[tokio::test]
async fn the_wrong_form_is_named() {
    let rig = Rig::signed_in().await;
    let text = post(&rig, "/v1/keepalive", TOKEN, "text/plain", report(0).to_string()).await;
    assert!(text.problem(415)["detail"].as_str().unwrap().contains("application/json"));
    let large = " ".repeat(16 * 1024 + 1);
    let large = post(&rig, "/v1/keepalive", TOKEN, "application/json", large).await;
    assert!(large.problem(413)["detail"].as_str().unwrap().contains("16 KiB"));
    let large = " ".repeat(16 * 1024 + 1);
    let request = Request::delete("/v1/session").header("authorization", format!("Bearer {TOKEN}"));
    rig.send(request.body(Body::from(large)).unwrap()).await.problem(413);
    rig.call(Method::GET, "/v1/nowhere", TOKEN, None).await.problem(404);
    let wrong = rig.call(Method::PUT, "/v1/session", TOKEN, None).await;
    wrong.problem(405);
    assert_eq!(wrong.header("allow"), "GET,HEAD,DELETE");
}

#[tokio::test]
async fn credentials_are_read_as_rfc_6750_has_it() {
    let rig = Rig::signed_in().await;
    let invalid_request = r#"Bearer error="invalid_request""#;
    let good = format!("Bearer {TOKEN}");
    let long = format!("Bearer {}", "x".repeat(8193));
    let cases: [(&[&str], u16, &str); 10] = [
        (&[], 401, "Bearer"),
        (&["Basic YTpi"], 401, "Bearer"),
        (&["Bearer"], 400, invalid_request),
        (&["Bearer "], 400, invalid_request),
        (&["Bearer a b"], 400, invalid_request),
        (&["Bearer a,b"], 400, invalid_request),
        (&["Bearer ===="], 400, invalid_request),
        (&["Bearer t\u{f6}ken"], 400, invalid_request),
        (&[&long], 400, invalid_request),
        (&[&good, &good], 400, invalid_request),
    ];
    let paths = ["/v1/session", "/v1/events", "/v1/admin/sessions"];
    for (values, status, challenge) in cases {
        for path in paths {
            let mut request = Request::get(path);
            for value in values {
                request = request.header(header::AUTHORIZATION, value.as_bytes());
            }
            let answer = rig.send(request.body(Body::empty()).unwrap()).await;
            answer.problem(status);
            assert_eq!(answer.header("www-authenticate"), challenge, "{values:?}");
        }
    }
    let request =
        Request::get("/v1/session").header(header::AUTHORIZATION, format!("bEARER {TOKEN}"));
    assert_eq!(rig.send(request.body(Body::empty()).unwrap()).await.status, 200);
}
