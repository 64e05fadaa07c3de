%% Scenarios of messages: each takes a size and gives {cost of one operation, checksum}.
-module(bench_messages).
-export([tell/1, tell_across/1, ping_pong/1, call/1, ask_across/1, ask_many/1, many_to_one/1]).
-export([many_to_one_across/1, ring/1]).
-export([init/1, handle_call/3, handle_cast/2]).

%% One producer, one consumer; the values sent are 0 to 7 in turn, the checksum is their mean.
tell(N) -> one_to_one(N, [{scheduler, 1}], [{scheduler, 1}]).
tell_across(N) -> one_to_one(N, [{scheduler, 1}], [{scheduler, 2}]).

one_to_one(N, ProducerAt, ConsumerAt) ->
    flow(N, [ProducerAt], ConsumerAt).

many_to_one(N) -> flow(N, lists:duplicate(4, [{scheduler, 1}]), [{scheduler, 1}]).
many_to_one_across(N) -> flow(N, lists:duplicate(4, [{scheduler, 1}]), [{scheduler, 2}]).

flow(N, Producers, ConsumerAt) ->
    bench_main:timed(N, fun() ->
        Self = self(),
        Each = N div length(Producers),
        Consumer = spawn_opt(fun() -> Self ! {sum, consume(N, 0)} end, ConsumerAt),
        [spawn_opt(fun() -> produce(Consumer, Each) end, At) || At <- Producers],
        receive {sum, Sum} -> Sum / N end
    end).

produce(_, 0) -> ok;
produce(Consumer, N) ->
    Consumer ! {add, N band 7},
    produce(Consumer, N - 1).

consume(0, Sum) -> Sum;
consume(N, Sum) -> receive {add, X} -> consume(N - 1, Sum + X) end.

ping_pong(N) ->
    Pong = spawn_link(fun pong/0),
    Result = bench_main:timed(N, fun() -> ping(Pong, N), 1 end),
    Pong ! stop,
    Result.

ping(_, 0) -> ok;
ping(Pong, N) ->
    Pong ! {ping, self()},
    receive pong -> ping(Pong, N - 1) end.

pong() ->
    receive
        {ping, From} -> From ! pong, pong();
        stop -> ok
    end.

%% gen_server:call with its timeout, one after the other.
call(N) ->
    {ok, Server} = gen_server:start(?MODULE, [], []),
    Result = bench_main:timed(N, fun() -> calls(Server, N, 0) / N end),
    gen_server:stop(Server),
    Result.

ask_across(N) ->
    Options = [{spawn_opt, [{scheduler, 2}]}],
    {ok, Server} = gen_server:start(?MODULE, [], Options),
    Self = self(),
    Caller = fun() ->
        Samples = [begin
            Start = erlang:monotonic_time(nanosecond),
            _ = gen_server:call(Server, {half, 2}, 5000),
            erlang:monotonic_time(nanosecond) - Start
        end || _ <- lists:seq(1, N)],
        Self ! {p50, lists:nth(max(1, N div 2), lists:sort(Samples))}
    end,
    spawn_opt(Caller, [{scheduler, 1}]),
    receive {p50, P50} -> gen_server:stop(Server), {P50, 1} end.

%% 64 callers, each with one call under way.
ask_many(N) ->
    {ok, Server} = gen_server:start(?MODULE, [], [{spawn_opt, [{scheduler, 2}]}]),
    Each = N div 64,
    Self = self(),
    Result = bench_main:timed(N, fun() ->
        Caller = fun() -> Self ! {sum, calls(Server, Each, 0)} end,
        [spawn_opt(Caller, [{scheduler, 1}]) || _ <- lists:seq(1, 64)],
        lists:sum([receive {sum, Sum} -> Sum end || _ <- lists:seq(1, 64)]) / N
    end),
    gen_server:stop(Server),
    Result.

calls(_, 0, Sum) -> Sum;
calls(Server, N, Sum) -> calls(Server, N - 1, Sum + gen_server:call(Server, {half, 2}, 5000)).

init([]) -> {ok, nothing}.
handle_call({half, X}, _From, State) -> {reply, X div 2, State}.
handle_cast(_, State) -> {noreply, State}.

%% 503 processes in a ring; the token is passed N times.
ring(N) ->
    Self = self(),
    Last = spawn_opt(fun() -> receive {next, Next} -> passer(Next, Self) end end, [{scheduler, 1}]),
    Add = fun(_, Next) -> spawn_opt(fun() -> passer(Next, Self) end, [{scheduler, 1}]) end,
    First = lists:foldl(Add, Last, lists:seq(1, 502)),
    Last ! {next, First},
    Result = bench_main:timed(N, fun() ->
        First ! {pass, N},
        receive {done, Left} -> Left end
    end),
    First ! stop,
    Result.

passer(Next, Home) ->
    receive
        {pass, 0} -> Home ! {done, 0}, passer(Next, Home);
        {pass, N} -> Next ! {pass, N - 1}, passer(Next, Home);
        stop -> Next ! stop
    end.
