#!/usr/bin/env escript
%%! +sbwt none
%% Drives real OTP supervisors through seeded random scenarios and writes down what they did: the
%% vectors that test/runtime/supervision/otp-traces.test.ts replays through our machine.
%% Usage: escript scripts/otp-supervisor-traces.escript test/runtime/supervision/vectors
%% Writes otp-burst.json (scenarios within one moment: only the number of restarts counts) and
%% otp-window.json (restarts spread over seconds: the sliding period counts; all run at once).
%% It does not touch the network, and depends on nothing but OTP.
-mode(compile).
-export([main/1, init/1]).

-define(BURSTS, 400).
-define(WINDOWS, 150).

main([Dir]) ->
    logger:set_primary_config(level, none),
    process_flag(trap_exit, true),
    Bursts = [burst(Seed) || Seed <- lists:seq(1, ?BURSTS)],
    write(filename:join(Dir, "otp-burst.json"), Bursts),
    Self = self(),
    Pids = [spawn_link(fun() -> process_flag(trap_exit, true), Self ! {self(), window(Seed)} end)
            || Seed <- lists:seq(1001, 1000 + ?WINDOWS)],
    Windows = [receive {Pid, Scenario} -> Scenario end || Pid <- Pids],
    write(filename:join(Dir, "otp-window.json"), [W || W <- Windows, W =/= unclear]).

%% ---- scenarios -------------------------------------------------------------------------------

burst(Seed) ->
    rand:seed(exsss, {Seed, 7, 77}),
    Strategy = pick([one_for_one, one_for_all, rest_for_one]),
    Intensity = rand:uniform(9) - 1,
    World = open(Strategy, Intensity, 3600),
    Adds = [fun() -> add(World, I) end || I <- lists:seq(1, 1 + rand:uniform(5))],
    Steps0 = [step(World, 0, Add) || Add <- Adds],
    Steps1 = random_steps(World, 3 + rand:uniform(10), 20),
    Steps2 = [step(World, 0, fun() -> stop_all(World) end)],
    close(World, Seed, Strategy, Intensity, 3600, Steps0 ++ Steps1 ++ Steps2).

random_steps(_World, 0, _Next) -> [];
random_steps(World, Left, Next) ->
    case is_process_alive(sup(World)) of
        false -> [];
        true ->
            Action = fun() -> random_action(World, Next) end,
            [step(World, 0, Action) | random_steps(World, Left - 1, Next + 1)]
    end.

random_action(World, Next) ->
    Alive = alive(World),
    case {rand:uniform(10), Alive} of
        {N, _} when N =< 1 -> add(World, Next);
        {_, []} -> add(World, Next);
        {2, _} -> remove(World, pick(Alive));
        {N, _} when N =< 4 -> ends_together(World, Alive);
        _ -> ends(World, pick(Alive))
    end.

%% Restarts at chosen seconds, each of which OTP counts with the second in which it was made.
window(Seed) ->
    rand:seed(exsss, {Seed, 8, 88}),
    Strategy = pick([one_for_one, one_for_all, rest_for_one]),
    Intensity = rand:uniform(4) - 1,
    Period = rand:uniform(4),
    World = open(Strategy, Intensity, Period),
    Steps0 = [step(World, 0, fun() -> add(World, I) end) || I <- [1, 2, 3]],
    begin_second(),
    First = erlang:monotonic_time(1),
    Steps1 = window_steps(World, First, 4 + rand:uniform(6)),
    Steps2 = [step(World, erlang:monotonic_time(1) - First, fun() -> stop_all(World) end)],
    case lists:member(unclear, Steps1) of
        true -> unclear;
        false -> close(World, Seed, Strategy, Intensity, Period, Steps0 ++ Steps1 ++ Steps2)
    end.

window_steps(_World, _First, 0) -> [];
window_steps(World, First, Left) ->
    case is_process_alive(sup(World)) of
        false -> [];
        true ->
            [begin_second() || _ <- lists:seq(1, rand:uniform(3) - 1)],
            Now = erlang:monotonic_time(1),
            Action = fun() -> window_action(World, 10 + Left) end,
            Step = step(World, Now - First, Action),
            case erlang:monotonic_time(1) of
                Now -> [Step | window_steps(World, First, Left - 1)];
                _ -> [unclear]
            end
    end.

window_action(World, Next) ->
    case alive(World) of
        [] -> add(World, Next);
        Alive -> ends(World, pick(Alive))
    end.

%% Sleeps into the next second, with some distance from its border.
begin_second() ->
    Ms = erlang:monotonic_time(millisecond),
    timer:sleep(1050 - (((Ms rem 1000) + 1000) rem 1000)).

%% ---- actions: each answers how it is written down -----------------------------------------------

add(World, Id) ->
    Type = pick([permanent, permanent, permanent, transient, temporary]),
    Fails = case rand:uniform(8) of 1 -> fail_next(World, Id, 1), 1; _ -> 0 end,
    Spec = #{id => Id, start => {erlang, apply, [fun start_child/2, [World, Id]]},
             restart => Type, shutdown => 5000},
    _ = supervisor:start_child(sup(World), Spec),
    {"add", [Id, atom_to_list(Type), Fails]}.

remove(World, Id) ->
    _ = supervisor:terminate_child(sup(World), Id),
    _ = supervisor:delete_child(sup(World), Id),
    {"remove", [Id]}.

ends(World, Id) ->
    Reason = pick([crash, crash, crash, normal, shutdown]),
    Fails = random_fails(World),
    end_child(World, Id, Reason),
    {"ends", [Fails, [[Id, atom_to_list(Reason)]]]}.

%% Several children end before the supervisor hears of the first.
ends_together(World, Alive) ->
    Ends = [{Id, crash} || Id <- shuffle(Alive), rand:uniform(2) =:= 1],
    Fails = random_fails(World),
    erlang:suspend_process(sup(World)),
    [end_child(World, Id, Reason) || {Id, Reason} <- Ends],
    erlang:resume_process(sup(World)),
    {"ends", [Fails, [[Id, atom_to_list(Reason)] || {Id, Reason} <- Ends]]}.

random_fails(World) ->
    Fails = [{Id, rand:uniform(2)} || Id <- alive(World), rand:uniform(8) =:= 1],
    [fail_next(World, Id, N) || {Id, N} <- Fails],
    [[Id, N] || {Id, N} <- Fails].

stop_all(World) ->
    Sup = sup(World),
    unlink(Sup),
    Ref = monitor(process, Sup),
    exit(Sup, shutdown),
    receive {'DOWN', Ref, process, Sup, _} -> ok end,
    {"stopAll", []}.

%% ---- the world: a supervisor, its children, a log ------------------------------------------------

open(Strategy, Intensity, Period) ->
    Table = ets:new(world, [public, ordered_set]),
    ets:insert(Table, {next, 0}),
    World = #{table => Table},
    Flags = #{strategy => Strategy, intensity => Intensity, period => Period},
    {ok, Sup} = supervisor:start_link(?MODULE, Flags),
    ets:insert(Table, {sup, Sup}),
    World.

%% The supervisor's callback: it begins without children.
init(Flags) -> {ok, {Flags, []}}.

sup(#{table := Table}) -> ets:lookup_element(Table, sup, 2).

say(#{table := Table}, What, Id) ->
    Number = ets:update_counter(Table, next, 1),
    ets:insert(Table, {{log, Number}, What, Id}).

fail_next(#{table := Table}, Id, Count) -> ets:insert(Table, {{fails, Id}, Count}).

%% Runs in the supervisor.
start_child(World = #{table := Table}, Id) ->
    case ets:lookup(Table, {fails, Id}) of
        [{_, Count}] when Count > 0 ->
            ets:insert(Table, {{fails, Id}, Count - 1}),
            say(World, "fail", Id),
            {error, asked_to_fail};
        _ ->
            Parent = self(),
            Pid = spawn_link(fun() ->
                process_flag(trap_exit, true),
                Parent ! {ready, self()},
                child(World, Id, Parent)
            end),
            receive {ready, Pid} -> ok end,
            say(World, "start", Id),
            ets:insert(Table, {{pid, Id}, Pid}),
            {ok, Pid}
    end.

child(World, Id, Parent) ->
    receive
        {'EXIT', Parent, Reason} -> say(World, "stop", Id), exit(Reason);
        {end_with, Reason} -> exit(Reason)
    end.

end_child(World = #{table := Table}, Id, Reason) ->
    _ = World,
    Pid = ets:lookup_element(Table, {pid, Id}, 2),
    Ref = monitor(process, Pid),
    Pid ! {end_with, Reason},
    receive {'DOWN', Ref, process, Pid, _} -> ok end.

alive(#{table := Table}) ->
    lists:sort([Id || [Id, Pid] <- ets:match(Table, {{pid, '$1'}, '$2'}), is_process_alive(Pid)]).

step(World, At, Action) ->
    #{table := Table} = World,
    From = ets:lookup_element(Table, next, 2),
    {Name, Arguments} = Action(),
    settle(World),
    To = ets:lookup_element(Table, next, 2),
    Saw = [[What, Id] || N <- lists:seq(From + 1, To),
                         {_, What, Id} <- ets:lookup(Table, {log, N})],
    [At, Name, Arguments, Saw, is_process_alive(sup(World))].

%% Until the supervisor has heard of every exit and has nothing left to start. OTP keeps the
%% specification of a transient child that ended as it should, and starts it again with its siblings;
%% ours is gone, so here it is deleted.
settle(World) ->
    Sup = sup(World),
    try supervisor:which_children(Sup) of
        Children ->
            Busy = lists:any(fun({_, Pid, _, _}) ->
                Pid =:= restarting orelse (is_pid(Pid) andalso not is_process_alive(Pid)) end, Children),
            if Busy -> erlang:yield(), settle(World);
               true -> [supervisor:delete_child(Sup, Id) || {Id, undefined, _, _} <- Children], ok
            end
    catch exit:_ ->
        Ref = monitor(process, Sup),
        receive {'DOWN', Ref, process, Sup, _} -> ok end
    end.

close(#{table := Table}, Seed, Strategy, Intensity, Period, Steps) ->
    ets:delete(Table),
    [Seed, atom_to_list(Strategy), Intensity, Period, Steps].

%% ---- small things --------------------------------------------------------------------------------

pick(List) -> lists:nth(rand:uniform(length(List)), List).

shuffle(List) -> [X || {_, X} <- lists:sort([{rand:uniform(), X} || X <- List])].

write(Path, Scenarios) ->
    {ok, Version} = file:read_file(filename:join(
        [code:root_dir(), "releases", erlang:system_info(otp_release), "OTP_VERSION"])),
    Lines = lists:join(",\n", [json(Scenario) || Scenario <- Scenarios]),
    Head = ["{\"otp\":\"", string:trim(Version), "\",\"scenarios\":[\n"],
    ok = file:write_file(Path, [Head, Lines, "\n]}\n"]),
    io:format("~s: ~b scenarios~n", [Path, length(Scenarios)]).

%% Lists of printable characters are text; the empty list is a list.
json([]) -> "[]";
json(true) -> "true";
json(false) -> "false";
json(N) when is_integer(N) -> integer_to_list(N);
json(List) ->
    case io_lib:printable_latin1_list(List) andalso hd(List) >= $a of
        true -> ["\"", List, "\""];
        false -> ["[", lists:join(",", [json(Item) || Item <- List]), "]"]
    end.
