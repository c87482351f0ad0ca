//! From figures to files: JSON per allocator under `target/`, then `RESULTS.md` and the charts from all of them.

mod chart;
mod compare;
pub(crate) mod curves;
mod markdown;
mod store;

use std::path::Path;
use std::{fs, io};

pub(crate) use markdown::markdown;
pub(crate) use store::Store;

/// Stores the figures and renders everything that is stored. A filtered run (`whole` false) replaces only the figures
/// it has measured anew.
pub(crate) fn write(store: Store, whole: bool) -> io::Result<()> {
    let store = if whole { store } else { store.over_earlier() };
    store.save()?;
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let charts = here.join("charts");
    fs::create_dir_all(&charts)?;
    let stores = store::load_all();
    for store in &stores {
        chart::draw(store, &charts)?;
    }
    fs::write(here.join("RESULTS.md"), markdown::page(&stores))
}
