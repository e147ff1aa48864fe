"""A picture as lines of SVG: text, boxes, lines and marks, in colours for a light and for a dark page."""
from html import escape

STYLE = """
  text { font: 13px system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif; fill: #1f2328 }
  .small { font-size: 11.5px; fill: #59636e } .bold { font-weight: 600 } .end { text-anchor: end }
  .middle { text-anchor: middle }
  .line { stroke: #d1d9e0 } .axis { stroke: #1f2328; stroke-width: 1.5 }
  .ground { fill: #eaeef2; stroke: #8c959f } .zones { fill: #ddf4ff; stroke: #54aeff }
  .runs { fill: #fff1e5; stroke: #fb8f44 } .faces { fill: #fbefff; stroke: #c297ff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .line { stroke: #3d444d } .axis { stroke: #e6edf3 }
    .ground { fill: #262c36; stroke: #656c76 } .zones { fill: #121d2f; stroke: #1f6feb }
    .runs { fill: #2b1d13; stroke: #bd561d } .faces { fill: #231a31; stroke: #8957e5 }
  }"""


class Picture:
    def __init__(self, width, height, title):
        self.lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
            ' role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}\n</style>",
        ]

    def text(self, x, y, words, look=""):
        self.lines.append(f'<text x="{x:g}" y="{y:g}" class="{look}">{escape(words)}</text>')

    def box(self, x, y, width, height, look):
        self.lines.append(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" class="{look}"/>')

    def line(self, x1, y1, x2, y2, look="line"):
        self.lines.append(f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" class="{look}"/>')

    def mark(self, x, y, shape, colour, size=4.5):
        """A mark that is told apart by its shape, too."""
        wide, arm, half = size + 1, size / 3, f"{size:g} {size:g} 0"
        paths = {
            "square": f"M{x - size:g} {y - size:g}h{2 * size:g}v{2 * size:g}h{-2 * size:g}z",
            "diamond": f"M{x:g} {y - wide:g}l{wide:g} {wide:g}l{-wide:g} {wide:g}l{-wide:g} {-wide:g}z",
            "up": f"M{x:g} {y - size:g}l{size:g} {2 * size:g}h{-2 * size:g}z",
            "down": f"M{x:g} {y + size:g}l{size:g} {-2 * size:g}h{-2 * size:g}z",
            "cross": f"M{x - arm:g} {y - size:g}h{2 * arm:g}v{size - arm:g}h{size - arm:g}v{2 * arm:g}h{arm - size:g}"
            f"v{size - arm:g}h{-2 * arm:g}v{arm - size:g}h{arm - size:g}v{-2 * arm:g}h{size - arm:g}z",
            "circle": f"M{x - size:g} {y:g}a{half} 1 0 {2 * size:g} 0a{half} 1 0 {-2 * size:g} 0z",
        }
        self.lines.append(f'<path d="{paths[shape]}" fill="{colour}"/>')

    def __str__(self):
        return "\n".join([*self.lines, "</svg>", ""])
