export default {
  frontend: {
    // What `vite build` writes. Everything that no handler answers comes from here.
    dir: 'dist',
    // In development the frontend's own server, if there is one:
    // FRONTEND=http://localhost:5173 portico dev
    dev: process.env.FRONTEND,
    // Vite puts what has a hash in its name there; it is kept for a year.
    immutable: 'assets',
  },
  // The notes are in a script's memory, of which each isolate has its own.
  server: { isolates: 1 },
}
