/* SPDX-License-Identifier: MIT
 *
 * A real server on a port of the system's choice, with its own data
 * directory.
 */
import { ADMIN, PROGRAM, launch, makeDirectory, sleep } from './program.mjs';

const LISTENING = /^listening on (http:\/\/([^\s]+):(\d+))$/m;

/**
 * Options: data (made if absent), args (more options of serve), env,
 * admin (false: name none), program, expectReady (false: return at once),
 * rateLimit (none unless a test is about it: they all write from one address;
 * null: the program's own default).
 */
export async function startServer(options = {}) {
  const data = options.data ?? makeDirectory();
  const env = options.admin === false ? {} : {
    STAGEPICK_ADMIN_EMAIL: ADMIN.email,
    STAGEPICK_ADMIN_PASSWORD: ADMIN.password,
  };
  const threads = process.env.SP_IO_THREADS ? ['--io-threads', process.env.SP_IO_THREADS] : [];
  const { rateLimit = 0 } = options;
  const limit = rateLimit === null ? [] : ['--rate-limit', String(rateLimit)];
  const process_ = launch(
    ['serve', '--data', data, '--listen', options.listen ?? '127.0.0.1:0', ...threads, ...limit, ...(options.args ?? [])],
    { env: { ...env, ...(options.env ?? {}) }, program: options.program ?? PROGRAM });
  const server = new Server(process_, data);
  if (options.expectReady !== false)
    await server.ready();
  return server;
}

export class Server {
  constructor(process_, data) {
    this.process = process_;
    this.data = data;
    this.url = null;
    this.port = 0;
    this.exit = null; /* {code, signal} once it has ended */
    process_.ended.then((exit) => { this.exit = exit; }, (error) => { this.exit = { code: null, signal: error.message }; });
  }

  get pid() { return this.process.child.pid; }
  stdout() { return this.process.stdout(); }
  stderr() { return this.process.stderr(); }

  /** Waits for the line that says where it listens. */
  async ready(timeoutMs = 60000) {
    const until = Date.now() + timeoutMs;
    for (;;) {
      const match = LISTENING.exec(this.stdout());
      if (match) {
        this.url = match[1];
        this.host = match[2];
        this.port = Number(match[3]);
        return this;
      }
      if (this.exit)
        throw new Error(`serve ended (${this.exit.code ?? this.exit.signal}) before it listened: ${this.stderr()}`);
      if (Date.now() > until) {
        await this.kill();
        throw new Error(`serve did not listen in ${timeoutMs} ms: ${this.stderr()}`);
      }
      await sleep(3);
    }
  }

  signal(name) {
    if (!this.exit)
      this.process.child.kill(name);
  }

  /** Waits for the end, kills it if it does not come. The timer also keeps this
   * process going while it waits. */
  async ended(timeoutMs = 30000) {
    const timer = setInterval(() => this.signal('SIGKILL'), timeoutMs);
    try {
      return await this.process.ended;
    } finally {
      clearInterval(timer);
    }
  }

  /** SIGTERM; returns {code, signal}. */
  async stop() {
    this.signal('SIGTERM');
    return this.ended();
  }

  /** kill -9. */
  async kill() {
    this.signal('SIGKILL');
    return this.ended();
  }
}
