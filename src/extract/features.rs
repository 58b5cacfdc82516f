//! What the model sees of a piece: about a hundred numbers. The order is the model's; names are for its training.

use super::judge::Row;
use super::marks;
use super::scene::{self, Scene};

/// Fills a row; names are kept only where somebody asks.
struct Sink<'n> {
    row: &'n mut Row,
    filled: usize,
    names: Option<&'n mut Vec<String>>,
}

impl Sink<'_> {
    /// A name is put together only where somebody asks for it.
    #[inline]
    fn put(&mut self, name: impl std::fmt::Display, value: f32) {
        if let Some(names) = &mut self.names {
            names.push(name.to_string());
        }
        if let Some(slot) = self.row.get_mut(self.filled) {
            *slot = value;
        }
        self.filled += 1;
    }

    #[inline]
    fn flag(&mut self, name: impl std::fmt::Display, value: bool) {
        self.put(name, f32::from(u8::from(value)));
    }
}

/// Far away, or nothing there.
const FAR: f32 = 9.0;

/// How many characters of a kind a text has.
#[derive(Default)]
struct Signs {
    all: u32,
    commas: u32,
    digits: u32,
    capitals: u32,
    bars: u32,
}

impl Signs {
    fn of(text: &str) -> Signs {
        let mut signs = Signs::default();
        for c in text.chars() {
            signs.all += 1;
            match c {
                'a'..='z' | ' ' => {}
                'A'..='Z' => signs.capitals += 1,
                '0'..='9' => signs.digits += 1,
                ',' | '،' | '、' => signs.commas += 1,
                '|' | '•' | '›' | '→' | '»' | '▶' => signs.bars += 1,
                c if c.is_uppercase() => signs.capitals += 1,
                _ => {}
            }
        }
        signs
    }
}

/// Writes the numbers of one piece into its row.
pub(super) fn row(scene: &Scene<'_, '_>, at: usize, row: &mut Row, names: Option<&mut Vec<String>>) {
    let f = &mut Sink { row, filled: 0, names };
    let Some(piece) = scene.pieces.list.get(at) else { return };
    let (Some(elem), Some(main)) = (scene.elem(piece.elem), scene.elem(scene.main)) else { return };
    let text = piece.text.as_str();
    let words = piece.words as f32;
    let signs = Signs::of(text);
    let length = signs.all.max(1) as f32;

    // The text itself.
    f.put("words", scene.lengths.get(at).copied().unwrap_or_default());
    f.put("linked", piece.linked as f32 / words.max(1.0));
    f.put("links", (piece.links as f32).min(12.0));
    f.put("strong", piece.strong as f32 / words.max(1.0));
    let last = text.trim_end_matches(['"', '”', '»', '\'', '’', ')', ']', '“', ' ']).chars().next_back().unwrap_or(' ');
    f.flag("ends sentence", matches!(last, '.' | '!' | '?' | '…' | '؟' | '。'));
    f.flag("ends colon", last == ':');
    f.put("commas", signs.commas as f32 / words.max(1.0));
    f.put("digits", signs.digits as f32 / length);
    f.put("capitals", signs.capitals as f32 / length);
    f.flag("begins lower", text.chars().next().is_some_and(char::is_lowercase));
    f.flag("bar", signs.bars > 0);
    f.flag("quoted", text.starts_with(['"', '“', '„', '«', '»']));
    f.put("cells", (piece.cells as f32).min(6.0));
    f.flag("time", piece.is_time);
    for (group, found) in scene.phrases.get(at).into_iter().flatten().enumerate() {
        f.put(format_args!("phrase {group}"), f32::from(*found));
    }

    // Where it stands.
    f.flag("p", elem.name == "p");
    f.flag("li", elem.name == "li");
    let level = match elem.name {
        "h1" => 1.0,
        "h2" => 2.0,
        "h3" => 3.0,
        "h4" | "h5" | "h6" => 4.0,
        _ => 0.0,
    };
    f.put("heading", level);
    f.flag("loose", matches!(elem.name, "div" | "section" | "article" | "main" | "body"));
    let around = scene.around.get(piece.elem).copied().unwrap_or_default();
    let main_around = scene.around.get(scene.main).copied().unwrap_or_default();
    for (bit, name) in scene::NAMES.iter().enumerate() {
        let (here, above) = (around.names >> bit & 1, main_around.names >> bit & 1);
        f.put(format_args!("in {name}"), if above == 1 { 0.5 } else { here as f32 });
    }
    f.flag("hidden", around.is_hidden && !main_around.is_hidden);

    // The way up to the main container, or to where both part.
    let inside = at >= main.start && at < main.end;
    let (mut up, mut steps, mut repeats) = (piece.elem, 0.0, 0);
    let (mut branch, mut holder) = (None, None);
    let mut nearest = [FAR; marks::COUNT];
    while let Some(e) = scene.elem(up) {
        if e.start <= main.start && e.end >= main.end || up == scene.main {
            break;
        }
        let mut marks = e.marks;
        while marks != 0 {
            if let Some(near) = nearest.get_mut(marks.trailing_zeros() as usize) {
                *near = near.min(steps);
            }
            marks &= marks - 1;
        }
        branch = Some(up);
        if holder.is_none() && !matches!(e.name, "p" | "tr") && scene.sums(up).pieces > 1.0 {
            holder = Some(up);
        }
        if !matches!(e.name, "p" | "br" | "tr" | "td" | "h2" | "h3") {
            repeats = repeats.max(scene.alike.get(up).copied().unwrap_or(0));
        }
        steps += 1.0;
        if up == e.parent {
            break;
        }
        up = e.parent;
    }
    for (bit, near) in nearest.iter_mut().enumerate() {
        if piece.inline >> bit & 1 == 1 {
            *near = 0.0;
        }
        f.put(format_args!("mark {bit}"), near.min(FAR));
    }
    f.flag("inside", inside);
    f.put("steps", steps);
    f.flag("inside bulk", scene.elem(scene.bulk).is_some_and(|bulk| (bulk.start..bulk.end).contains(&at)));
    f.put("repeats", (repeats as f32).ln_1p());
    let distance = if at < main.start {
        -(scene.range(at, main.start).words.ln_1p())
    } else if at >= main.end {
        scene.range(main.end, at + 1).words.ln_1p()
    } else {
        0.0
    };
    f.put("distance", distance);
    let whole = scene.sums(0);
    let of_main = scene.sums(scene.main);
    f.put("before in main", if inside { scene.range(main.start, at).prose / of_main.prose.max(1.0) } else { -1.0 });
    f.put("prose before", scene.range(main.start.min(at), at).prose.ln_1p());
    f.put("prose after", scene.range(at + 1, main.end.max(at + 1)).prose.ln_1p());
    f.put("pieces from headline", scene.headline.map_or(-20.0, |h| (at as f32 - h as f32).clamp(-10.0, 30.0)));

    // The box it stands in. Numbers that tell one page from all others are left out: the model would learn pages
    // by heart.
    let of_box = holder.map(|e| scene.sums(e)).unwrap_or_default();
    f.put("box words", of_box.words.ln_1p());
    f.put("box pieces", of_box.pieces.min(40.0));
    f.put("box linked", of_box.linked / of_box.words.max(1.0));
    f.put("box prose", of_box.prose / whole.prose.max(1.0));
    let of_branch = branch.map(|e| scene.sums(e)).unwrap_or_default();
    f.put("branch linked", of_branch.linked / of_branch.words.max(1.0));
    f.put("branch prose", of_branch.prose / whole.prose.max(1.0));
    let said = holder.map(|e| scene.said(e)).unwrap_or_default();
    for (group, found) in said.iter().enumerate() {
        f.put(format_args!("box phrase {group}"), f32::from(*found));
    }
    let leads = holder.and_then(|e| scene.elem(e)).is_some_and(|e| e.start == at);
    f.flag("leads box", leads);

    // What stands around it.
    let mut up = piece.elem;
    for level in 0..3 {
        let parent = scene.elem(up).map_or(0, |e| e.parent);
        let sums = scene.sums(if level == 0 { up } else { parent });
        f.put(format_args!("share {level}"), sums.prose / whole.prose.max(1.0));
        f.put(format_args!("linked {level}"), sums.linked / sums.words.max(1.0));
        f.put(format_args!("mean {level}"), (sums.words / sums.pieces.max(1.0)).ln_1p());
        if level > 0 {
            up = parent;
        }
    }
    let shape = scene.by_shape.get(&scene::shape(scene.pieces, piece.elem)).copied().unwrap_or(0.0);
    f.put("shape", shape / whole.prose.max(1.0));
    for (name, near) in
        [("-1", at.checked_sub(1)), ("+1", Some(at + 1)), ("-2", at.checked_sub(2)), ("+2", Some(at + 2))]
    {
        let other =
            near.and_then(|n| scene.pieces.list.get(n).zip(scene.elem(scene.pieces.list.get(n)?.elem)).zip(Some(n)));
        let ((words, linked), (shape, parent)) = other.map_or(((-1.0, 0.0), (false, false)), |((p, e), n)| {
            (
                (scene.lengths.get(n).copied().unwrap_or_default(), p.linked as f32 / (p.words as f32).max(1.0)),
                (e.shape == elem.shape, e.parent == elem.parent),
            )
        });
        f.put(format_args!("words {name}"), words);
        f.put(format_args!("linked {name}"), linked);
        f.put(format_args!("like {name}"), f32::from(u8::from(shape)) + f32::from(u8::from(parent)));
        let prose = other.is_some_and(|(_, n)| scene.prose.get(n) == Some(&true));
        f.flag(format_args!("prose {name}"), prose);
    }

    // What the page says of itself.
    let runs = super::facts::runs(text);
    let witness = if scene.witness.is_empty() { -1.0 } else { super::facts::share(&runs, &scene.witness) };
    f.put("witness", witness);
    f.put("description", super::facts::share(&runs, &scene.description));
    f.put("title", super::facts::share(&runs, &scene.title));
    f.put("in body", if scene.has_body { f32::from(u8::from(around.in_body)) } else { -1.0 });
    let marked = around.marks & marks::BODY_MARK != 0;
    f.put("in body mark", if scene.has_body_mark { f32::from(u8::from(marked)) } else { -1.0 });
    let (first, last) = scene.seen.get(&piece.hash).copied().unwrap_or((at, at));
    f.put("times", scene.times.get(&piece.hash).copied().unwrap_or(1).min(5) as f32);
    f.put(
        "repeated",
        if first < at {
            2.0
        } else if last > at {
            1.0
        } else {
            0.0
        },
    );
}
