/// The style and the script of a page of `HeapPage`.
///
/// `#frame=N` at the end of the page's address chooses a frame, and so do the arrow keys in the slider.
enum HeapPageScript {
  static let style = """
    body { font: 14px sans-serif; margin: 16px; max-width: 1200px; color: #222; background: #fff }
    h1 { font-size: 18px } p { margin: 8px 0 } canvas { display: block; max-width: 100% }
    #slider { width: 60%; vertical-align: middle } #tip { min-height: 1.2em }
    #legend span { display: inline-block; margin-right: 14px }
    #legend i { display: inline-block; width: 12px; height: 12px; margin-right: 4px; border: 1px solid #333 }
    """

  static let script = #"""
    const kinds = [null, ["#4a4a8a", "#e4e4f4", "large"], ["#666", "#666", "metadata"], ["#d8c8b0", "#d8c8b0", "dirty"],
      ["#fff", "#fff", "clean"]];
    const width = 1200, fields = 8;
    const element = id => document.getElementById(id);
    const firstRows = [];
    let rows = 0;
    for (const [, pages] of stretches) { firstRows.push(rows); rows += Math.ceil(pages / rowPages); }
    // A canvas has some 30000 pixels at most: rows of many large objects are thin.
    const rowHeight = rows > 2000 ? 3 : 12, gap = rows > 2000 ? 1 : 2;
    const heap = element("heap"), chart = element("chart"), slider = element("slider");
    heap.height = rows * (rowHeight + gap) + 1;
    const number = n => n.toLocaleString("en");
    const style = (kind, index) => kind === 0 ? classes[index] : kinds[kind];

    function totals(frame) {
      const sum = { held: 0, slabs: 0, live: 0, large: 0, metadata: 0, dirty: 0, clean: 0, runs: 0, classes: {} };
      for (let i = 0; i < frame.runs.length; i += fields) {
        const [, , pages, kind, index, , first] = frame.runs.slice(i, i + fields), bytes = pages * pageBytes;
        sum.held += bytes;
        sum.runs++;
        if (kind === 0) {
          sum.slabs += bytes;
          sum.live += first * classes[index][2];
          sum.classes[index] = (sum.classes[index] || 0) + bytes;
        } else if (kind === 1) { sum.large += bytes; sum.live += first; }
        else sum[["metadata", "dirty", "clean"][kind - 2]] += bytes;
      }
      return sum;
    }
    const sums = frames.map(totals);

    function boxes(run, draw) { // the parts of a run, one for each row
      let [stretch, page, pages] = run, done = 0;
      while (pages > done) {
        const at = page + done, column = at % rowPages, part = Math.min(pages - done, rowPages - column);
        draw(column / rowPages * width, (firstRows[stretch] + Math.floor(at / rowPages)) * (rowHeight + gap),
          part / rowPages * width, done / pages, part / pages);
        done += part;
      }
    }

    function drawHeap(frame) {
      const to = heap.getContext("2d");
      to.fillStyle = "#fff";
      to.fillRect(0, 0, heap.width, heap.height);
      to.strokeStyle = "#333";
      to.lineWidth = 0.4;
      for (let i = 0; i < frame.runs.length; i += fields) {
        const run = frame.runs.slice(i, i + fields), [full, pale] = style(run[3], run[4]);
        boxes(run, (x, y, length, before, share) => {
          to.fillStyle = pale;
          to.fillRect(x, y, length, rowHeight);
          const filled = Math.max(0, Math.min(1, (run[5] / 100 - before) / share));
          to.fillStyle = full;
          if (run[3] < 2) to.fillRect(x, y, length * filled, rowHeight);
          to.strokeRect(x + 0.2, y + 0.2, length - 0.4, rowHeight - 0.4);
        });
      }
    }

    function drawChart(chosen) { // held, and of it live, over the frames
      const to = chart.getContext("2d"), most = Math.max(1, ...sums.map(sum => sum.held));
      to.fillStyle = "#fff";
      to.fillRect(0, 0, chart.width, chart.height);
      const step = width / frames.length;
      sums.forEach((sum, i) => {
        for (const [what, colour] of [["held", "#ddd"], ["live", "#4a4a8a"]]) {
          const height = sum[what] / most * chart.height;
          to.fillStyle = colour;
          to.fillRect(i * step, chart.height - height, Math.max(step - 1, 1), height);
        }
      });
      to.strokeStyle = "#c00";
      to.lineWidth = 2;
      to.strokeRect(chosen * step + 1, 1, Math.max(step - 3, 2), chart.height - 2);
    }

    function drawLegend() {
      const most = {};
      for (const sum of sums) for (const [index, bytes] of Object.entries(sum.classes))
        most[index] = Math.max(most[index] || 0, bytes);
      const largest = Object.keys(most).sort((a, b) => most[b] - most[a]).slice(0, 20).sort((a, b) => a - b);
      const samples = largest.map(index => [classes[index][0], classes[index][2]]);
      samples.push(...kinds.slice(1).map(([full, , name]) => [full, name]));
      element("legend").replaceChildren(...samples.map(([colour, name]) => {
        const span = document.createElement("span"), box = document.createElement("i");
        box.style.background = colour;
        span.append(box, String(name));
        return span;
      }));
    }

    function show(index) {
      index = Math.max(0, Math.min(frames.length - 1, index | 0));
      const frame = frames[index], sum = sums[index];
      slider.value = index;
      element("time").textContent = `picture ${index + 1} of ${frames.length}, after ${(frame.ms / 1000).toFixed(1)} s`;
      element("totals").textContent = `held ${number(sum.held)} bytes, live ${number(sum.live)}, ` +
        `in ${number(sum.runs)} runs: slabs ${number(sum.slabs)}, large ${number(sum.large)}, ` +
        `metadata ${number(sum.metadata)}, ` +
        `dirty ${number(sum.dirty)}, clean ${number(sum.clean)}; a row is ${rowPages * pageBytes / 1024} KiB`;
      drawHeap(frame);
      drawChart(index);
    }

    function describe(x, y) { // the run at a place of the picture
      const frame = frames[slider.value];
      let text = "";
      for (let i = 0; i < frame.runs.length && !text; i += fields) {
        const run = frame.runs.slice(i, i + fields), [stretch, page, pages, kind, index, fill, first, second] = run;
        boxes(run, (left, top, length) => {
          if (x < left || x >= left + length || y < top || y >= top + rowHeight) return;
          const address = BigInt(stretches[stretch][0]) + BigInt(page) * BigInt(pageBytes);
          text = `0x${address.toString(16)}: ` + (kind === 0 ? `slab of ${classes[index][2]}` : kinds[kind][2]) +
            `, ${number(pages * pageBytes)} bytes` + (kind === 0 ? `, ${first} of ${second} live, ${fill} %` : "");
        });
      }
      return text;
    }
    heap.addEventListener("mousemove", event => {
      const scale = heap.width / heap.clientWidth;
      element("tip").textContent = describe(event.offsetX * scale, event.offsetY * scale) || "\u00a0";
    });
    slider.addEventListener("input", () => show(slider.value));
    chart.addEventListener("click", event => show(event.offsetX / chart.clientWidth * frames.length));
    let timer = null;
    element("play").addEventListener("click", () => {
      if (timer) { clearInterval(timer); timer = null; }
      else timer = setInterval(() => show((Number(slider.value) + 1) % frames.length), 500);
      element("play").textContent = timer ? "stop" : "play";
    });
    const chosen = () => Number((location.hash.match(/frame=(\d+)/) || [0, 0])[1]);
    addEventListener("hashchange", () => show(chosen()));
    drawLegend();
    show(chosen());
    """#
}
