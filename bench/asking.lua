-- For wrk: post the lines of a file, each as a body of its own; without a file, get the page.
local requests, place = {}, 0

function init(arguments)
  if #arguments == 0 then
    requests[1] = wrk.format("GET")
    return
  end
  local headers = {["Content-Type"] = "application/json", ["Host"] = wrk.headers["Host"]}
  for body in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format("POST", nil, headers, body)
  end
end

function request()
  place = place % #requests + 1
  return requests[place]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format(
    '\n{"answers": %d, "failed": %d, "seconds": %f, "milliseconds": [%f, %f, %f]}\n',
    summary.requests, failed, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3
  ))
end
