"""Words that must not be taken for tickers, though many of them are: ALL is Allstate, NOW is ServiceNow, IT Gartner."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Short forms of finance and daily life. Never a ticker, never an unknown one; only "$MA" makes one of them a symbol.
ABBREVIATIONS = _words(
    """
    adr adx ai am api apr apy asap atm atr ath atl b2b bb bbs bl bo btd btfd btw buyback cagr cci ceo cfo cftc coo
    cpi csv cto ct cst dca dcf dd dti dte ebit ebitda ecb edt ema emas eod eoy eps est esg et etc etf etfs eu eur eod
    faq fib fed fifo fomo fomc fud fx fy fyi gaap gbp gdp gmt gpt gtc hft hod id imo ipo ipos ira irs itm jpy kpi kyc
    l2 leaps lod lol ltb llm m2 ma macd mas mfi mom mtd nav nasdaq nda nfp nyc nyse ob obv ocf ohlc ok okay otc otm atm
    otoh pc pct pdf pdh pdl pe peg pm pmi ppi pnl pl pst ps qe qoq qt qtd r2r rr rrr roa roe roi ror rsi s2f sar sec
    sh si sip sl sma smas spac sql st stoch ta tba tbd tl tldr tp tsp ttm tv uk url us usa usd utc vat vix vol vs vwap
    wacc wma wtf ytd yoy yolo
    """
)

#: Plain words, of everyday and of trading. In lower case none is a ticker; in capitals they are mere emphasis when
#: they are in EMPHASIS. None is the name of an unknown company.
WORDS = _words(
    """
    a about above account accounts across act action active add added advice after afternoon again against age ago ahead
    all almost along already also always am among amount an analysis analyze and annual another answer any anyone
    anything app apply april are area around as ask asking asks at august average averages away back bad balance ball
    band bands bank bar bars base based basic be bear bearish because been before begin being below best bet better
    between bid big bigger biggest bill bit black blue body bollinger bond bonds book both bottom bottoms bought bounce
    box break breakout bro broke broker bull bullish business but buy buying buys by cake call calls calm came can cap
    capital car card care cars case cash cat cent change changes channel chart charts cheap check chef choose city clear
    close closed closes closing cloud coffee coin coins cold come coming commodities common companies company compare
    compared comparison con confirm consider continue cool copy core correct cost could country course cover crash
    credit crossing crossover crypto cup curb current currently cut cuts daily dan dash data date day days dead deal
    death december deck deep deeper definition delta did die difference different dip dips divergence dividend dividends
    do doc does doing dollar dollars done double doubt down downtrend draw drawdown drop dropping due during each early
    earn earning earnings earth east easy eat economy ed edge edit education eight either el else end enough enter
    entering entries entry ether even ever every everyone everything exactly example excel exit exits expect expensive
    expiration explain explore exposure extra eye face fact fair fall falling far fast father favourite favorite fear
    february fee feel few fibonacci fifty find fine first five fizz flag flat flex flow fold follow food for forecast
    forex form four free friday friend from full fun fund fundamental fundamentals funds future futures gain gains game
    gap gaps gas gave gen general get getting give given go goes going gold golden golf gone good got great greed green
    grow growth guess guide had half hammer hand happen happened happening happens hard has have he head heads hear
    heikin held hello help her here hey hi high higher highest highs his hit hold holding home hood hope hot hour hourly
    hours house houses housing how hum hundred i ice idea ideas if important in inc income increase index indicator
    indicators indices inflation info inn inside instead interest into intraday invest investing investment investor is
    isn it its jack january japanese job joe july june just keep key keys kind king know known la land large last late
    later latest lead leading learn least leave left leg legs less let level levels leverage life light like likely
    limit limits line linear lines list little live living loan log long look looking lose loss losses lot lots love low
    lower lowest lows luck lunch made main make makes making mall man many map march margin mark market markets massive
    match matter max may maybe me mean means measure med meet mentally message met method might mid mine minor minute
    minutes mo mod moment momentum monday money month monthly months more morning most move moved moves moving movies
    much music must my name navi near need neo net never new news next nice night no nobody none normal not note nothing
    november now number numbers o october odds of off offer oh oil old on once one only onto open opened opening opens
    opinion option options or order orders other our out outlook outside over overall overbought oversold own pack page
    paid pair panic paper parabolic part parts path pattern patterns pay peg people per percent perfect performance
    period philosophy pick picks pie place plan plans play please plus point points pool portfolio position positions
    possible post potential power prediction premarket premium pretty previous price prices pricing prim principal pro
    probability probably profit profits projection prom property proper psychology public pull pump put puts question
    questions quick quickly quote quotes rally ramp range ranges rate rates ratio read real really reason rebound
    recent recently recession red reg relative remove rent report resistance rest result results retest return returns
    reversal review reward rich ride right rip rise rising risk risks risky road rock roll room root rose round rule
    rules run running rush sad safe said same saturday save say says scalp scalping score screen sea search second
    sector sectors see seen self sell selling sell-off send senior sense september session set setting setup setups
    seven share shares she shop short shorts should shoulders show showing shown side sideways sign signal signals
    silver simple simply since single sir six size sizing sky slow small snow so solid some someone something soon
    sorry speak spend split splits spot spread square squeeze start started state stay step still stochastic stock
    stocks stop stopped stops strategies strategy strength strong stuff success such sun sunday super supply support
    supports sure swing system t table take takes taking talk tank tap target targets tariff tariffs tax taxes teach
    team tech technical technicals tell ten term terms test text than thank thanks that the their them then there these
    they thing things think third this those though thoughts three through thursday tick ticker tickers tickets tight
    tile time timeframe timeframes times tip to today together told tomorrow tonight too took top tops total touch
    toward track trade traded trader traders trades trading trap treasuries treasury tree trend trending trendline
    trendlines trends triangle trigger trip triple true trust try trying tuesday turn two type u under understand unit
    until up upper uptrend us use used user using usual v value vacation vacuum valuation vary verdict very via view
    vital volatile volatility volume volumes wait wait want wants was watch watching watchlist water waves way we weak
    weather wedge wednesday week weekend weekly weeks well were west what whatever when where which while white who
    whole why wild will win wind winner winners with within without won word words work working works world worry worst
    worth would wow write wrong yeah year yearly years yen yes yesterday yet yield yields you your yum zero zone zones
    adam air alex arm arms art ben boot boots cop de dia doc ea el es fang fix fox geo grab ip ir kim la mac mar net pi
    pins pr rex se shy sig snap tri ue vir ws www
    admission dow bread bitcoins eggs freedom gasoline iphone milk petrol pizza tea ticket tuition
    """
)

#: Words people write in capitals to stress them. Such a token is a ticker only where the sentence says so.
EMPHASIS = _words(
    """
    a all always am an and any are as ask at be best better big bigger but buy call can cash close cool crash day did do
    does doing done dow down dump easy ever every exit fall fast for form free from fun get go going gone good
    great had has have he help her here high hold hope hot how huge if in instead is it its just keep key keys know
    last let live long look love low made make man max me mean more most move much must my need never new next nice no
    not now of off oh on once one only open or other our out over own pay play please plus post price pump put quick
    read real really right rip run safe same save see self sell share she short should show sky so some soon spot stay
    step still stock stop strong such super sure take target team tell than that the them then there they this time to
    today too top total trade true try two under until up us use very vital wait want was way we well were what when
    where which who why will win wow wrong yes yet you your
    """
)

#: Of these, even "ALL stock" is mere emphasis, or a kind of stock.
QUANTIFIERS = _words(
    "a all any best big every good great her his hot i it its low more most my new no open our own real same some "
    "such tech that the this top two us which what your"
)
