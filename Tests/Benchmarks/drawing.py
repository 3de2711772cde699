"""Draws what compare.py measured: calls a second of each style, a group of bars for each case, each
group to the scale of its own fastest."""
COLORS = {"lines": "#1f6feb", "REST": "#d97706", "REST, 304": "#f0b429", "POST /rpc": "#6e7781"}
LEFT, WIDTH, BAR, GAP = 210, 420, 16, 14


def draw(results):
    groups = {}
    for (operation, over, count, style), one in results.items():
        title = "%s, %s, %d connection%s" % (operation, over, count, "" if count == 1 else "s")
        groups.setdefault(title, []).append((style, one["rps"]))
    parts, y = [], 30
    for title, bars in groups.items():
        most = max(rate for _, rate in bars) or 1
        parts.append('<text x="%d" y="%d" text-anchor="end">%s</text>' % (LEFT - 10, y + 12, title))
        for style, rate in bars:
            wide = max(1, WIDTH * rate / most)
            parts.append('<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>'
                         % (LEFT, y, wide, BAR - 2, COLORS[style]))
            parts.append('<text x="%.1f" y="%d">%s %s</text>'
                         % (LEFT + wide + 6, y + 12, style, "{:,.0f}".format(rate)))
            y += BAR
        y += GAP
    return ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 %d" role="img" '
            'aria-label="Calls a second of each style, each group to its own scale">\n'
            "<style>text { font: 11px sans-serif; fill: #17202a; } rect.ground { fill: #ffffff; }\n"
            "@media (prefers-color-scheme: dark) { text { fill: #e6eaee; } "
            "rect.ground { fill: #14181d; } }</style>\n"
            '<rect class="ground" width="800" height="%d"/>\n'
            '<text x="10" y="18">Calls a second; each group to its own scale</text>\n%s\n</svg>\n'
            % (y, y, "\n".join(parts)))
