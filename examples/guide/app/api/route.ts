export function GET(request: Request) {}
