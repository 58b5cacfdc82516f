//! `depeche export` and `depeche import`: the whole store as one file that depends on no engine.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::ask::{ask, silently};
use super::out::{Out, say};
use super::{Exit, unsigned_configuration};
use crate::cli::{ExportArgs, ImportArgs};
use crate::config::{Config, StorePlace};
use crate::desk::{Reply, Request};
use crate::store::{ExportReport, Store};

/// Runs `export`.
pub(super) async fn export(args: ExportArgs) -> Exit {
    let config = match unsigned_configuration(&args.config.config) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let to_stdout = args.file.as_deref() == Some(Path::new("-"));
    let folder = tempfile::tempdir()?;
    let path = match args.file {
        _ if to_stdout => folder.path().join("export"),
        Some(file) => std::path::absolute(file)?,
        None => std::path::absolute(usual(&config))?,
    };
    let report = match ask(config, Request::Export { path: path.clone() }, silently).await? {
        Ok(Reply::Exported(report)) => report,
        Ok(other) => anyhow::bail!("unable to use the answer: {other:?}"),
        Err(code) => return Ok(code),
    };
    if to_stdout {
        std::io::copy(&mut std::fs::File::open(&path)?, &mut Out::new())?;
        Out::new().flush()?;
    }
    let place = if to_stdout { Path::new("standard output") } else { &path };
    tell("exported", place, &report, args.json && !to_stdout)?;
    Ok(0)
}

/// Beside the store, named by the moment: the newest has the last name.
fn usual(config: &Config) -> PathBuf {
    let StorePlace::Sled(folder) = &config.store;
    crate::daemon::upkeep::export_path(folder, crate::clock::Clock::system().now())
}

/// Runs `import`. It works on a store that nobody holds.
pub(super) async fn import(args: ImportArgs) -> Exit {
    let config = match unsigned_configuration(&args.config.config) {
        Ok(config) => config,
        Err(code) => return Ok(code),
    };
    let folder = tempfile::tempdir()?;
    let path = if args.file == Path::new("-") {
        let path = folder.path().join("export");
        std::io::copy(&mut std::io::stdin(), &mut std::fs::File::create(&path)?)?;
        path
    } else {
        args.file
    };
    let StorePlace::Sled(place) = &config.store;
    let store = Store::open_for_import(place).await?;
    let report = store.import(&path).await?;
    tell("imported", &path, &report, args.json)?;
    Ok(0)
}

fn tell(done: &str, path: &Path, report: &ExportReport, as_json: bool) -> std::io::Result<()> {
    if as_json {
        writeln!(Out::new(), "{}", json!({"file": path, "report": report}))?;
    } else {
        say(format_args!(
            "{done} {} articles and {} changes, {} bytes: {}",
            report.articles,
            report.changes,
            report.bytes,
            path.display()
        ));
    }
    Ok(())
}
