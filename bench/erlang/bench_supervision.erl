%% Scenarios of births and deaths: each takes a size and gives {cost of one operation, checksum}.
-module(bench_supervision).
-behaviour(supervisor).
-export([spawn_idle/1, bytes_idle/1, restart_p50/1, restart_p99/1, restart_old_p50/1, storm/1]).
-export([init/1, start_child/1]).

%% Spawning alone is timed; the processes end afterwards.
spawn_idle(N) ->
    {Cost, Pids} = bench_main:timed(N, fun() -> idle(N, []) end),
    Count = length(Pids),
    [exit(Pid, kill) || Pid <- Pids],
    {Cost, Count}.

bytes_idle(N) ->
    erlang:garbage_collect(),
    Before = erlang:memory(processes),
    Pids = idle(N, []),
    After = erlang:memory(processes),
    [exit(Pid, kill) || Pid <- Pids],
    {(After - Before) / N, N}.

idle(0, Pids) -> Pids;
idle(N, Pids) -> idle(N - 1, [spawn(fun wait/0) | Pids]).

wait() -> receive stop -> ok end.

restart_p50(N) -> restarts(N, 0, 0.5).
restart_p99(N) -> restarts(N, 0, 0.99).
restart_old_p50(N) -> restarts(N, 5000, 0.5).

%% From just before the exit to the end of the next init, one after the other.
restarts(N, Before, Share) ->
    Supervisor = supervisor_of(1),
    First = receive {born, Pid, _} -> Pid end,
    {Next, _} = crashes(First, Before, []),
    {_, Samples} = crashes(Next, N, []),
    stop(Supervisor),
    Sorted = lists:sort(Samples),
    {lists:nth(max(1, ceil(Share * N)), Sorted), N}.

crashes(Pid, 0, Samples) -> {Pid, Samples};
crashes(Pid, N, Samples) ->
    Pid ! {crash, self()},
    Died = receive {dying, At} -> At end,
    receive {born, Next, Born} -> crashes(Next, N - 1, [Born - Died | Samples]) end.

%% N children of one supervisor die at once; all of them are back.
storm(N) ->
    Supervisor = supervisor_of(N),
    Pids = [receive {born, Pid, _} -> Pid end || _ <- lists:seq(1, N)],
    {Cost, _} = bench_main:timed(1, fun() ->
        [Pid ! die || Pid <- Pids],
        [receive {born, Pid, _} -> Pid end || _ <- lists:seq(1, N)]
    end),
    stop(Supervisor),
    {Cost, N}.

supervisor_of(N) ->
    process_flag(trap_exit, true),
    {ok, Supervisor} = supervisor:start_link(?MODULE, {N, self()}),
    Supervisor.

stop(Supervisor) ->
    exit(Supervisor, shutdown),
    receive {'EXIT', Supervisor, _} -> ok end.

init({N, Home}) ->
    Children = [#{id => Id, start => {?MODULE, start_child, [Home]}} || Id <- lists:seq(1, N)],
    {ok, {#{strategy => one_for_one, intensity => 1000000000, period => 5}, Children}}.

start_child(Home) ->
    Pid = proc_lib:spawn_link(fun() ->
        Home ! {born, self(), erlang:monotonic_time(nanosecond)},
        child()
    end),
    {ok, Pid}.

child() ->
    receive
        {crash, Home} ->
            Home ! {dying, erlang:monotonic_time(nanosecond)},
            exit(boom);
        die -> exit(boom)
    end.
