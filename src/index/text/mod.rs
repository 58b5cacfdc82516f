//! Full text: which articles hold which words, on disk, or in memory for a store that is there. It is derived from the
//! store and may be deleted at any time; each commit says how far in the log it is. It never touches a store, and never
//! reads a query's syntax from a library: terms are looked up one by one.

mod bits;
mod disk;
mod hits;
mod prepared;
mod search;
mod terms;

pub use disk::text_of;
pub use search::{Numbers, Plan, Scope, Snapshot};

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::schema::{BytesOptions, Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, TantivyError, Term};
use uuid::Uuid;

use crate::article::{Article, ArticleId};
use crate::store::Head;
use hits::Hits;
use prepared::{Prepared, prepare};
use terms::Tongue;

/// Raised whenever what is indexed changes: an index of another format is built anew.
const FORMAT: u32 = 2;
/// What is being indexed is kept in memory up to this, then written.
const HEAP: usize = 24 << 20;
/// How often it is looked whether the last reader of cleaned files is done.
const TRIES: u32 = 50;

/// Why words cannot be looked up or taken in.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// Another owner in this process or another one has it.
    #[error("unable to use the index of words {0}: it is in use; it is tried again")]
    Held(PathBuf),
    /// The library.
    #[error("unable to use the index of words: {0}; it is built anew if that does not pass")]
    Engine(#[from] TantivyError),
    /// Its folder.
    #[error("unable to use the folder {path} of the index of words: {why}; is the disk full or failing?")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// Files that hold what was erased are still read by somebody.
    #[error("unable to remove files of the index of words that are no longer used; it is tried again")]
    InUse,
    /// A task died.
    #[error("unable to use the index of words: a task died: {0}")]
    Died(String),
}

/// What every commit says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Payload {
    format: u32,
    epoch: Uuid,
    seq: u64,
    /// True while files may hold what was erased.
    unclean: bool,
}

#[derive(Debug, Clone, Copy)]
struct Fields {
    id: Field,
    high: Field,
    low: Field,
    title: Field,
    summary: Field,
    text: Field,
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let words = TextFieldIndexing::default()
        .set_tokenizer(prepared::NAME)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions)
        .set_fieldnorms(false);
    let words = TextOptions::default().set_indexing_options(words);
    let fast = NumericOptions::default().set_fast();
    let fields = Fields {
        id: schema.add_bytes_field("id", BytesOptions::default().set_indexed()),
        high: schema.add_u64_field("high", fast.clone()),
        low: schema.add_u64_field("low", fast),
        title: schema.add_text_field("title", words.clone()),
        summary: schema.add_text_field("summary", words.clone()),
        text: schema.add_text_field("text", words),
    };
    (schema.build(), fields)
}

/// The index of words and its one writer.
pub struct Text {
    index: tantivy::Index,
    writer: IndexWriter,
    reader: IndexReader,
    fields: Fields,
    epoch: Uuid,
    seq: u64,
    unclean: bool,
    /// What was found in it lately.
    hits: Arc<Hits>,
}

impl Text {
    /// One of nothing, in memory.
    pub fn in_memory() -> Result<Text, TextError> {
        Text::over(tantivy::Index::create_in_ram(schema().0), Head { epoch: Uuid::nil(), seq: 0 }, false)
    }

    fn over(index: tantivy::Index, head: Head, unclean: bool) -> Result<Text, TextError> {
        index.tokenizers().register(prepared::NAME, TextAnalyzer::from(Prepared::default()));
        let options = IndexWriterOptions::builder()
            .memory_budget_per_thread(HEAP)
            .num_worker_threads(1)
            .num_merge_threads(1)
            .build();
        let writer: IndexWriter = index.writer_with_options(options)?;
        // Commits are small and many while a crawl goes on: what is small is merged with what is small.
        let mut merges = LogMergePolicy::default();
        merges.set_min_layer_size(1_000);
        merges.set_level_log_size(2.0);
        merges.set_min_num_segments(6);
        merges.set_del_docs_ratio_before_merge(0.4);
        writer.set_merge_policy(Box::new(merges));
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Text {
            index,
            writer,
            reader,
            fields: schema().1,
            epoch: head.epoch,
            seq: head.seq,
            unclean,
            hits: Arc::new(Hits::none()),
        })
    }

    /// The last change of the log that it knows of.
    pub fn head(&self) -> Head {
        Head { epoch: self.epoch, seq: self.seq }
    }

    /// Takes an article in, as it is now.
    pub fn put(&mut self, article: &Article) -> Result<(), TextError> {
        self.remove(article.id);
        let tongue = Tongue::of(article.language.language);
        let (high, low) = article.id.0.as_u64_pair();
        let mut document = TantivyDocument::new();
        document.add_bytes(self.fields.id, article.id.0.as_bytes());
        document.add_u64(self.fields.high, high);
        document.add_u64(self.fields.low, low);
        document.add_text(self.fields.title, prepare(&article.title, tongue));
        document.add_text(self.fields.summary, prepare(&article.summary, tongue));
        document.add_text(self.fields.text, prepare(&article.text, tongue));
        self.writer.add_document(document)?;
        // What is not there to be found must not be there to be read, either.
        self.unclean |= article.is_erased();
        Ok(())
    }

    /// Takes an article out.
    pub fn remove(&mut self, id: ArticleId) {
        self.writer.delete_term(Term::from_field_bytes(self.fields.id, id.0.as_bytes()));
    }

    /// Writes what was taken in: all of the log up to this change is known now, and stays so.
    pub fn commit(&mut self, seq: u64) -> Result<(), TextError> {
        self.write(Payload { format: FORMAT, epoch: self.epoch, seq, unclean: self.unclean })?;
        self.seq = seq;
        Ok(())
    }

    fn write(&mut self, payload: Payload) -> Result<(), TextError> {
        let mut commit = self.writer.prepare_commit()?;
        let payload = serde_json::to_string(&payload).map_err(|error| TextError::Died(error.to_string()))?;
        commit.set_payload(&payload);
        commit.commit()?;
        Ok(self.reader.reload()?)
    }

    /// True while files may hold what was erased.
    pub fn is_unclean(&self) -> bool {
        self.unclean
    }

    /// Writes every part anew that holds something deleted. The old files go with [`Text::sweep`].
    pub fn rewrite(&mut self) -> Result<(), TextError> {
        for _ in 0..TRIES {
            let dirty: Vec<_> =
                self.index.searchable_segment_metas()?.into_iter().filter(|meta| meta.has_deletes()).collect();
            if dirty.is_empty() {
                return Ok(self.reader.reload()?);
            }
            let mut failed = false;
            for meta in dirty {
                // It fails where a merge of its own has begun: that one is waited for.
                failed |= self.writer.merge(&[meta.id()]).wait().is_err();
            }
            if failed {
                pause();
            }
        }
        Err(TextError::InUse)
    }

    /// Removes files that nothing needs any more, once the last search in them is done.
    pub fn sweep(&mut self) -> Result<(), TextError> {
        for _ in 0..TRIES {
            self.writer.garbage_collect_files().wait()?;
            let needed = self.index.load_metas()?.list_segment_files();
            let is_rest = |path: &std::path::PathBuf| {
                !needed.contains(path) && path.file_name().is_some_and(|name| name != "meta.json")
            };
            if !self.index.directory().list_managed_files().iter().any(is_rest) {
                self.write(Payload { format: FORMAT, epoch: self.epoch, seq: self.seq, unclean: false })?;
                self.unclean = false;
                return Ok(());
            }
            pause();
        }
        Err(TextError::InUse)
    }

    /// How many parts it has, and how many articles.
    pub fn size(&self) -> (usize, u64) {
        let searcher = self.reader.searcher();
        (searcher.segment_readers().len(), searcher.num_docs())
    }
}

fn pause() {
    std::thread::sleep(std::time::Duration::from_millis(20));
}
