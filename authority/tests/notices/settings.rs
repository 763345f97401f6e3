//! Receivers in the configuration file: what is wrong is one line, and nothing shows a secret.

use std::{fs, process::Command};

use stillhere_authority::config::Config;

use crate::{
    rig::SECRET,
    tokens::{ISSUER, Keys},
};

const TOKEN: &str = "the-receivers-token-0123456789";

fn complete(keys: &Keys) -> String {
    fs::write(keys.path("hook"), format!("{SECRET}\n")).unwrap();
    fs::write(keys.path("token"), format!("{TOKEN}\n")).unwrap();
    format!(
        "[notices]\ntimeout = \"3s\"\nfirst-retry = \"1s\"\nlongest-retry = \"2m\"\n\
         give-up-after = \"1h\"\nmax-attempts = 9\n{}\
         [[webhook]]\nname = \"crm\"\nurl = \"http://localhost:9/hidden-path\"\n\
         secrets = [{SECRET:?}]\nsecret-files = [{:?}]\n\
         [[backchannel-logout]]\nname = \"portal\"\nurl = \"http://127.0.0.1:9/\"\n\
         audience = \"client-1\"\n\
         [[caep]]\nname = \"crm\"\nurl = \"http://[::1]:9/\"\naudience = \"soc\"\n\
         token-file = {:?}\n",
        keys.signing("ed25519"),
        keys.path("hook"),
        keys.path("token"),
    )
}

#[test]
fn all_sections_are_read_and_no_secret_is_shown() {
    let keys = Keys::new();
    let config = Config::parse(&complete(&keys)).unwrap();
    let notices = &config.notices;
    let readers: Vec<_> = notices.receivers.iter().map(|it| it.reader()).collect();
    assert_eq!(readers, ["webhook:crm", "backchannel-logout:portal", "caep:crm"]);
    let retry = &notices.retry;
    assert_eq!(
        (retry.first_ms, retry.longest_ms, retry.give_up_ms, retry.max_attempts),
        (1000, 120_000, 3_600_000, 9)
    );
    assert_eq!(notices.signer.as_ref().unwrap().issuer(), ISSUER);
    let shown = format!("{config:?}");
    for secret in [&SECRET[6..], TOKEN, "hidden-path"] {
        assert!(!shown.contains(secret), "{secret} is in {shown}");
    }
    assert!(shown.contains("webhook:crm at http://localhost:9"), "{shown}");
}

#[test]
fn what_is_wrong_names_its_section_and_field() {
    let keys = Keys::new();
    let complete = complete(&keys);
    let base64 = &SECRET[6..];
    let hook = keys.path("hook").display().to_string();
    for (from, to, words) in [
        ("http://localhost:9", "http://crm.example", "webhook `crm`: url must use https; plain"),
        ("http://127.0.0.1:9/", "portal", "backchannel-logout `portal`: url must be a whole URL"),
        ("name = \"portal\"", "name = \"the portal\"", "name must have 1 to 64 letters, digits"),
        ("[::1]:9", "a:b@[::1]:9", "caep `crm`: url must not carry a name or password"),
        ("audience = \"soc\"", "audience = \" \"", "caep `crm`: audience must not be empty"),
        ("audience = \"soc\"", "audiences = \"soc\"", "caep: unknown field `audiences`"),
        ("whsec_", "", "webhook `crm`: secrets must each be whsec_ and the base64"),
        (base64, "c2hvcnQ=", "webhook `crm`: secrets must each be whsec_ and the base64"),
        (hook.as_str(), "no-such-file", "webhook `crm`: secret-files no-such-file: "),
        ("token-file", "token = \"a b\"\n#", "caep `crm`: token must be letters, digits and"),
        ("token-file", "token = \"ab\"\ntoken-file", "caep `crm`: token and token-file: give one"),
        ("ed25519\"", "hook\"", "signing: key-file must hold one private key in PKCS#8"),
        (ISSUER, "http://stillhere.example", "signing: issuer must use https"),
        ("[signing]", "[other]", "backchannel-logout `portal`: needs a section [signing]"),
        ("first-retry = \"1s\"", "first-retry = \"0s\"", "notices: first-retry must be at least"),
        ("longest-retry = \"2m\"", "longest-retry = \"1ms\"", "notices: longest-retry must be no"),
        ("give-up-after = \"1h\"", "give-up-after = \"soon\"", "notices: give-up-after: write a"),
        ("max-attempts = 9", "max-attempts = 0", "notices: max-attempts must be at least 1"),
        ("timeout = \"3s\"", "timeout = \"11s\"", "notices: timeout must be between 1ms and 10s"),
    ] {
        let text = complete.replace(from, to);
        assert_ne!(text, complete, "{from}");
        let why = Config::parse(&text).unwrap_err();
        assert!(why.contains(words) && !why.contains('\n'), "{to}: {why}");
        assert!(!why.contains(base64) && !why.contains(TOKEN), "{to}: {why}");
    }
    let bare = "[[webhook]]\nname = \"crm\"\nurl = \"https://crm.example\"\n";
    let why = Config::parse(bare).unwrap_err();
    assert_eq!(why, "webhook `crm`: secrets or secret-files must name at least one");
    let once =
        format!("{}secrets = [{SECRET:?}]\n", bare.replace("https://crm.example", "http://[::1]"));
    assert!(Config::parse(&once).is_ok());
    assert_eq!(
        Config::parse(&format!("{once}{once}")).unwrap_err(),
        "webhook `crm`: name is taken already"
    );
}

#[test]
fn a_checked_configuration_lists_its_receivers() {
    let keys = Keys::new();
    fs::write(keys.path("config"), complete(&keys)).unwrap();
    let check = Command::new(env!("CARGO_BIN_EXE_stillhere-authority"))
        .args(["--dev", "--check-config", "--config"])
        .arg(keys.path("config"))
        .env_clear()
        .output()
        .unwrap();
    let said = String::from_utf8(check.stdout).unwrap();
    let expected = "receivers: webhook:crm at http://localhost:9, backchannel-logout:portal at \
                    http://127.0.0.1:9, caep:crm at http://[::1]:9";
    assert!(said.contains(expected), "{said}{}", String::from_utf8_lossy(&check.stderr));
}
