"""The leaderboard as a static site: plain HTML, a style sheet, a little script; nothing is asked of another host."""
