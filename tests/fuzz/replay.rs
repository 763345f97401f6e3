//! Runs a target over the committed inputs and over seeded ones.

use std::path::Path;

/// All inputs of `fuzz/seeds/NAME`; a crash that was found is kept there.
pub fn seeds(name: &str, target: impl Fn(&[u8])) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let here = [root.join("fuzz/seeds"), root.join("../fuzz/seeds")];
    let folder = here.iter().map(|seeds| seeds.join(name)).find(|folder| folder.is_dir());
    let mut files: Vec<_> =
        folder.unwrap().read_dir().unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "fuzz/seeds/{name} is empty");
    for file in files {
        check(&file.display().to_string(), &std::fs::read(&file).unwrap(), &target);
    }
}

/// Inputs of up to `longest` bytes, the same with each run. `FUZZ_SEED=7` runs that one alone.
pub fn repeat(rounds: u64, longest: u32, target: impl Fn(&[u8])) {
    let wished = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let one = wished("FUZZ_SEED").map(|seed: u64| seed..seed + 1);
    for seed in one.unwrap_or(0..wished("FUZZ_ROUNDS").unwrap_or(rounds)) {
        let mut rng = oorandom::Rand32::new(seed);
        let length = rng.rand_range(0..longest);
        let data: Vec<u8> = (0..length).map(|_| rng.rand_u32() as u8).collect();
        check(&format!("seed {seed}"), &data, &target);
    }
}

/// Says which input it was that failed.
fn check(name: &str, data: &[u8], target: &impl Fn(&[u8])) {
    struct Name<'a>(&'a str);
    impl Drop for Name<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                eprintln!("the input: {}", self.0);
            }
        }
    }
    let _name = Name(name);
    target(data);
}
