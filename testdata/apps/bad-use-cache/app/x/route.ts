function value() {
  'use cache';
  return 1;
}

export function GET() {
  return Response.json(value());
}
