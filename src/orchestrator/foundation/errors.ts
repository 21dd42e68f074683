// Every error a client can see, in one table: code, HTTP status, whether trying again may help, and what it means.
// `docs/reference/errors.md` is generated from it.

export const errorTable = {
  invalid_request: { status: 400, retry: false, title: 'The request is not valid.' },
  login_failed: { status: 400, retry: false, title: 'The log-in did not succeed.' },
  path_refused: {
    status: 400,
    retry: false,
    title: 'This path is none of the session’s files, or leads out of them.',
  },
  unauthenticated: {
    status: 401,
    retry: false,
    title: 'A valid API key, token or log-in is required.',
  },
  forbidden: { status: 403, retry: false, title: 'This key may not do that.' },
  origin_forbidden: { status: 403, retry: false, title: 'This origin may not do that.' },
  not_found: { status: 404, retry: false, title: 'There is nothing at this address.' },
  session_not_found: { status: 404, retry: false, title: 'No session has this id or name.' },
  execution_not_found: {
    status: 404,
    retry: false,
    title: 'No execution of this session has this id.',
  },
  profile_not_found: { status: 404, retry: false, title: 'This execution has no profile.' },
  variable_not_found: {
    status: 404,
    retry: false,
    title: 'The session has no variable of this name, or nothing at this path.',
  },
  snapshot_not_found: { status: 404, retry: false, title: 'There is no such snapshot.' },
  file_not_found: { status: 404, retry: false, title: 'The session has no such file.' },
  tenant_not_found: { status: 404, retry: false, title: 'There is no such tenant.' },
  key_not_found: { status: 404, retry: false, title: 'There is no such API key.' },
  method_not_allowed: {
    status: 405,
    retry: false,
    title: 'This address does not have this method.',
  },
  name_taken: { status: 409, retry: false, title: 'Another session has this name.' },
  tenant_exists: {
    status: 409,
    retry: false,
    title: 'There is, or once was, a tenant with this id.',
  },
  tenant_in_use: { status: 409, retry: false, title: 'The tenant cannot be deleted as it is.' },
  tenants_limit: { status: 409, retry: false, title: 'There are as many tenants as there may be.' },
  key_ended: { status: 409, retry: false, title: 'This API key has been revoked or has expired.' },
  key_limit: {
    status: 409,
    retry: false,
    title: 'The tenant has as many API keys as it may have.',
  },
  session_busy: { status: 409, retry: true, title: 'An execution is running in this session.' },
  not_changeable: {
    status: 409,
    retry: false,
    title: 'This cannot be changed while the session lives.',
  },
  snapshot_in_use: {
    status: 409,
    retry: false,
    title: 'The session stands on this snapshot.',
  },
  snapshot_limit_reached: {
    status: 409,
    retry: false,
    title: 'The session has as many snapshots as it may have.',
  },
  is_directory: { status: 409, retry: false, title: 'This is a directory, not a file.' },
  not_directory: {
    status: 409,
    retry: false,
    title: 'A part of the path that should be a directory is something else.',
  },
  directory_not_empty: { status: 409, retry: false, title: 'The directory is not empty.' },
  file_unusable: {
    status: 409,
    retry: false,
    title: 'This is no regular file, or its permissions shut everybody out.',
  },
  execution_running: { status: 409, retry: true, title: 'This execution has not ended yet.' },
  execution_ended: { status: 409, retry: false, title: 'This execution has ended already.' },
  idempotency_conflict: {
    status: 409,
    retry: false,
    title: 'This idempotency key was used with another request.',
  },
  idempotency_in_progress: {
    status: 409,
    retry: true,
    title: 'The first request with this idempotency key is still under way.',
  },
  outcome_unknown: {
    status: 409,
    retry: false,
    title:
      'The first request with this idempotency key was cut off, and what became of it cannot be told any more.',
  },
  precondition_failed: {
    status: 412,
    retry: false,
    title: 'The file is not the one that the request was made for.',
  },
  payload_too_large: { status: 413, retry: false, title: 'The request body is too large.' },
  snapshot_too_large: {
    status: 413,
    retry: false,
    title: 'The snapshot is larger than it may be.',
  },
  too_many_files: { status: 413, retry: false, title: 'There are too many files to list.' },
  unsupported_media_type: { status: 415, retry: false, title: 'The request body must be JSON.' },
  range_not_satisfiable: {
    status: 416,
    retry: false,
    title: 'The file has nothing in this range.',
  },
  host_forbidden: {
    status: 421,
    retry: false,
    title: 'The service does not answer to this host name.',
  },
  unsupported_language: { status: 422, retry: false, title: 'No engine for this language.' },
  snapshot_damaged: {
    status: 422,
    retry: false,
    title: 'The stored snapshot is damaged and cannot be used.',
  },
  snapshot_refused: {
    status: 422,
    retry: false,
    title: 'The snapshot is malformed, or holds what no snapshot may.',
  },
  snapshot_unsupported: {
    status: 422,
    retry: false,
    title: 'The snapshot was made by a newer version or another language.',
  },
  upgrade_required: { status: 426, retry: false, title: 'This address is a WebSocket.' },
  queue_full: { status: 429, retry: true, title: 'Too many executions wait in this session.' },
  tenant_limit: { status: 429, retry: true, title: 'This tenant has as much as it may.' },
  rate_limited: { status: 429, retry: true, title: 'Too many requests.' },
  internal: { status: 500, retry: false, title: 'Something went wrong on our side.' },
  pause_unsupported: {
    status: 501,
    retry: false,
    title: 'The container engine of this service cannot pause sessions.',
  },
  runtime_unavailable: {
    status: 503,
    retry: true,
    title: 'The container engine cannot be reached.',
  },
  sandbox_failed: { status: 503, retry: true, title: 'The sandbox did not start.' },
  sandbox_lost: { status: 503, retry: true, title: 'The sandbox of this session was lost.' },
  overloaded: { status: 503, retry: true, title: 'The service is at its limits.' },
  shutting_down: { status: 503, retry: true, title: 'The service is shutting down.' },
  provider_unavailable: {
    status: 503,
    retry: true,
    title: 'The OpenID provider does not answer.',
  },
  registry_unavailable: { status: 503, retry: true, title: 'The registry cannot be written.' },
  storage_failed: { status: 503, retry: true, title: 'Snapshots cannot be stored or read.' },
  deadline_exceeded: { status: 504, retry: true, title: 'This took too long and was given up.' },
  tenant_storage_full: {
    status: 507,
    retry: false,
    title: 'The tenant’s snapshots take as much storage as they may.',
  },
  workspace_full: {
    status: 507,
    retry: false,
    title: 'The files of the session have no room left.',
  },
  storage_full: { status: 507, retry: true, title: 'There is no room to store snapshots.' },
} as const satisfies Record<string, { status: number; retry: boolean; title: string }>;

export type ErrorCode = keyof typeof errorTable;

/** An error with a stable code. `detail`, `reason` and `fields` are for the client; the cause is for the log only. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  /** A stable name for what exactly is wrong, where one code stands for many faults. */
  readonly reason: string | undefined;
  /** The offending parts of the request: `{ field: '/limits/cpus', message: 'must be a number' }`. */
  readonly fields: readonly { field: string; message: string }[] | undefined;
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    options: {
      detail?: string;
      reason?: string;
      fields?: readonly { field: string; message: string }[];
      retryAfterSeconds?: number;
      cause?: unknown;
    } = {},
  ) {
    super(options.detail ?? errorTable[code].title, { cause: options.cause });
    this.code = code;
    this.detail = options.detail;
    this.reason = options.reason;
    this.fields = options.fields;
    this.retryAfterSeconds = options.retryAfterSeconds ?? (errorTable[code].retry ? 1 : undefined);
  }
}
